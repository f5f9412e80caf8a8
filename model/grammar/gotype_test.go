package grammar

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/seed64708441/ember/tokenize/jsonschema"
)

type base struct {
	ID    int64  `json:"id"`
	Shade string `json:"-"`
	Note  string `json:"note"` // hidden by the outer one
}

type line struct {
	Text   string  `json:"text" description:"what was sold" jsonschema:"minLength=1,maxLength=12"`
	Amount uint8   `json:"amount"`
	Price  float32 `json:"price" jsonschema:"minimum=0,maximum=1e6"`
	Next   *line   `json:"next,omitempty"`
}

type order struct {
	base
	Note   string            `json:"note"`
	Size   string            `json:"size" jsonschema:"enum=small,enum=la\\,rge"`
	When   time.Time         `json:"when"`
	For    time.Duration     `json:"for"`
	Lines  []line            `json:"lines" jsonschema:"maxItems=3"`
	Pair   [2]bool           `json:"pair"`
	Tags   map[string]string `json:"tags,omitzero"`
	ByYear map[int16]float64 `json:"byYear,omitempty"`
	Blob   []byte            `json:"blob"`
	Quoted int               `json:"quoted,string"`
	Any    any               `json:"any"`
	Raw    json.RawMessage   `json:"raw"`
	Num    json.Number       `json:"num"`
	Big    *big.Int          `json:"big"`
	Maybe  *int              `json:"maybe"`
	Plain  bool
	hidden int
}

// TestTypeDecodes makes documents under a Go type and decodes them strictly.
func TestTypeDecodes(t *testing.T) {
	g, err := FromType[order](Options{})
	if err != nil {
		t.Fatal(err)
	}
	v := testVocabulary()
	c, err := Compile(g, v)
	if err != nil {
		t.Fatal(err)
	}
	ended := 0
	for i := range uint64(150) {
		out, ok := newSampler(i, v).run(t, c, 30)
		if !ok {
			continue
		}
		ended++
		dec := json.NewDecoder(strings.NewReader(out))
		dec.DisallowUnknownFields()
		var o order
		if err := dec.Decode(&o); err != nil {
			t.Fatalf("%s: %v", out, err)
		}
		if len(o.Lines) > 3 || o.Size != "small" && o.Size != "la,rge" {
			t.Fatalf("%s breaks a tag", out)
		}
	}
	if ended < 100 {
		t.Errorf("only %d outputs ended", ended)
	}
}

// TestTypeReadsItself shows that what encoding/json writes is in the language.
func TestTypeReadsItself(t *testing.T) {
	g, err := FromType[order](Options{})
	if err != nil {
		t.Fatal(err)
	}
	seven := 7
	for _, o := range []order{
		{Size: "small"},
		{base: base{ID: -1 << 63}, Note: "a\"b", Size: "la,rge", When: time.Date(2024, 2, 29, 1, 2, 3, 4e6, time.UTC), For: 5,
			Lines: []line{{Text: "é", Amount: 255, Price: 2.5, Next: &line{Text: "x"}}}, Tags: map[string]string{"k": "v"},
			ByYear: map[int16]float64{-5: 1.5}, Blob: []byte{1, 2, 3, 4, 5}, Quoted: -12, Any: []any{1.0, "x", nil}, Raw: json.RawMessage(`{"a":1}`),
			Num: "12.5", Big: big.NewInt(77), Maybe: &seven, Plain: true},
	} {
		if o.Lines == nil {
			o.Lines = []line{} // null is no list
		}
		if o.Raw == nil {
			o.Raw = json.RawMessage("null")
		}
		if o.Blob == nil {
			o.Blob = []byte{}
		}
		if o.Num == "" {
			o.Num = "0"
		}
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(o); err != nil {
			t.Fatal(err)
		}
		text := strings.TrimSpace(b.String())
		if !g.Match(text) {
			n := 0
			for n < len(text) && g.Completable(text[:n+1]) {
				n++
			}
			t.Errorf("%s is not accepted: stops at %q", text, text[n:])
		}
	}
	for _, bad := range []string{`{}`, `{"id":1}`, `null`} {
		if g.Match(bad) {
			t.Errorf("%s accepted", bad)
		}
	}
}

type described struct{ X int }

func (*described) UnmarshalJSON([]byte) error { return nil }
func (*described) JSONSchema() []byte         { return []byte(`{"enum":["x",12]}`) }

// outer and inner hold each other.
type outer struct {
	Next [1]inner
}

type inner struct {
	Next map[string]int
	Back []outer
	More *inner
}

func TestTypeRefused(t *testing.T) {
	_, err := FromReflectType(reflect.TypeFor[struct{ C chan int }](), Options{})
	var te *jsonschema.TypeError
	if !errors.As(err, &te) || te.Path != "struct { C chan int }.C" {
		t.Errorf("%v, want a TypeError at C", err)
	}
	g, err := FromType[[]described](Options{})
	if err != nil || !g.Match(`["x", 12]`) || g.Match(`["y"]`) {
		t.Errorf("a type that describes itself: %v", err)
	}
	type pointer *pointer
	if g, err := FromType[pointer](Options{}); err == nil && !g.Match("null") {
		t.Errorf("a pointer to itself: %v", err)
	}
	g, err = FromType[outer](Options{Compact: true})
	if err != nil || !g.Match(`{"Next":[{"Next":{},"Back":[{"Next":[{"Next":{"a":1},"Back":[],"More":null}]}],"More":null}]}`) {
		t.Errorf("types inside each other: %v", err)
	}
}
