package reply

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/seed64708441/ember/tokenize/chat/tool"
	"github.com/seed64708441/ember/tokenize/jsonschema"
)

type leaf struct {
	Label string `json:"label"`
	Next  *leaf  `json:"next"`
}

type everything struct {
	Text   string                 `json:"text" description:"any"`
	Int    int                    `json:"int"`
	Bound  int64                  `json:"bound" jsonschema:"minimum=-3,maximum=40"`
	Small  uint8                  `json:"small,omitempty"`
	Wide   uint64                 `json:"wide"`
	Share  float32                `json:"share"`
	Yes    bool                   `json:"yes"`
	Unit   string                 `json:"unit" jsonschema:"enum=c,enum=f"`
	Level  int                    `json:"level" jsonschema:"enum=1,enum=2"`
	List   []string               `json:"list" jsonschema:"maxItems=3"`
	Pair   [2]int16               `json:"pair"`
	When   time.Time              `json:"when"`
	Count  *uint32                `json:"count" jsonschema:"maximum=9"`
	Leaf   leaf                   `json:"leaf"`
	Point  struct{ X, Y float64 } `json:"point"`
	Scores map[string]int         `json:"scores,omitempty"`
	Blob   []byte                 `json:"blob"`
	Maybe  *string                `json:"maybe,omitempty"`
}

// TestGoTypes derives calls of a tool whose parameters are a Go type with everything in it, in every syntax, and decodes
// their arguments.
func TestGoTypes(t *testing.T) {
	doc, err := jsonschema.For[everything]()
	if err != nil {
		t.Fatal(err)
	}
	tools := []tool.Def{{Name: "f", Parameters: doc}}
	for s := NoCalls + 1; s < syntaxEnd; s++ {
		g, err := Format{Calls: s}.Grammar(tools, Choice{Required: true, One: true})
		var u *UnsupportedError
		if errors.As(err, &u) {
			t.Errorf("%v: %v", s, err)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		rules := parseGBNF(t, g.GBNF)
		rules.hole = func(n int, r *rand.Rand) string {
			s, err := parseSchema(g.Schemas[n])
			if err != nil {
				t.Fatal(err)
			}
			return instance(s, r, 0)
		}
		r := rand.New(rand.NewPCG(uint64(s), 5))
		for range 20 {
			text := rules.derive(r, "root")
			o := Options{Tools: tools}
			if s == FunctionaryLine {
				o.Prompt = ">>>"
			}
			got, err := Format{Calls: s}.Parse(text, o)
			if err != nil || len(got.Calls) != 1 {
				t.Errorf("%v: %q: %d calls, %v %v", s, text, len(got.Calls), got.Errors, err)
				continue
			}
			d := json.NewDecoder(bytes.NewReader(got.Calls[0].Arguments))
			d.DisallowUnknownFields()
			var v everything
			if err := d.Decode(&v); err != nil {
				t.Errorf("%v: %s: %v", s, got.Calls[0].Arguments, err)
			}
			if v.Bound < -3 || v.Bound > 40 || v.Unit != "c" && v.Unit != "f" || v.Count != nil && *v.Count > 9 {
				t.Errorf("%v: %s breaks a tag", s, got.Calls[0].Arguments)
			}
		}
	}
}
