package jsonschema

import (
	"encoding/json"
	"errors"
	"math/big"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"
)

type node1 struct {
	Name string   `json:"name"`
	Next *node1   `json:"next,omitempty"`
	Kids []*node1 `json:"kids,omitempty"`
}

type base struct {
	ID   int    `json:"id"`
	Note string `json:"note"` // hidden by the outer one
}

type point struct{ X, Y float64 }

type pair[T any] struct {
	A T        `json:"a"`
	P *pair[T] `json:"p"`
}

type level uint8

type all struct {
	base
	*Embedded
	Note   string            `json:"note" description:"with <marks>, and \"quotes\""`
	A      bool              `json:"a,omitempty"`
	N      uint8             `json:"n"`
	I      int16             `json:"i"`
	U      uint64            `json:"u"`
	F      float32           `json:"f,omitzero"`
	When   time.Time         `json:"when"`
	Addr   netip.Addr        `json:"addr"`
	Raw    json.RawMessage   `json:"raw"`
	Any    any               `json:"any"`
	Num    json.Number       `json:"num"`
	Big    *big.Int          `json:"big"`
	List   []string          `json:"list" jsonschema:"minItems=1,maxItems=3,uniqueItems" description:"texts"`
	Pair   [2]float64        `json:"pair" jsonschema:"minItems=1,maxItems=9"`
	Map    map[string]int    `json:"map" jsonschema:"maxProperties=2"`
	ByYear map[int16]bool    `json:"byYear"`
	Maybe  *uint8            `json:"maybe,omitempty" jsonschema:"minimum=3,maximum=1000,title=T" description:"perhaps"`
	Bytes  []byte            `json:"bytes"`
	Tree   node1             `json:"tree" description:"of nodes"`
	Unit   string            `json:"unit" jsonschema:"enum=celsius,enum=a\\,b" description:"u"`
	Level  level             `json:"level" jsonschema:"enum=1,enum=2"`
	Opt    *string           `json:"opt" jsonschema:"enum=x"`
	Name   string            `json:"name" jsonschema:"minLength=1,maxLength=5,pattern=^[a-z]{1\\,5}$"`
	Share  float64           `json:"share" jsonschema:"exclusiveMinimum=0,maximum=1,multipleOf=0.25"`
	From   point             `json:"from"`
	To     point             `json:"to"`
	Nested struct{ X int }   `json:"nested"`
	Quoted int8              `json:"quoted,string"`
	Gen    pair[point]       `json:"gen"`
	Own    own               `json:"own" description:"d"`
	Skip   func()            `json:"-"`
	hidden map[chan int]bool //nolint:unused // not exported, so not part of the schema
}

type Embedded struct {
	Deep string `json:"deep,omitempty"`
}

type own struct{}

func (*own) UnmarshalJSON([]byte) error { return nil }
func (*own) JSONSchema() []byte         { return []byte(`{"z": 1, "type": ["null"]}`) }

// TestFor compares the schema of a struct with everything in it.
func TestFor(t *testing.T) {
	got, err := For[all]()
	if err != nil {
		t.Fatal(err)
	}
	const (
		whole = `{"type":"integer","format":"int64"}`
		ref   = `{"$ref":"#/$defs/node1"}`
		null  = `{"type":"null"}`
		pt    = `{"type":"object","properties":{"X":{"type":"number"},"Y":{"type":"number"}},"required":["X","Y"],"additionalProperties":false}`
		gen   = `"pair_github.com_seed64708441_ember_tokenize_jsonschema.point_"`
	)
	want := `{"type":"object","properties":{"id":` + whole + `,"deep":{"type":"string"},"note":{"type":"string","description":"with <marks>, and \"quotes\""},` +
		`"a":{"type":"boolean"},"n":{"type":"integer","minimum":0,"maximum":255},"i":{"type":"integer","minimum":-32768,"maximum":32767},` +
		`"u":{"type":"integer","minimum":0,"format":"uint64"},"f":{"type":"number","format":"float"},"when":{"type":"string","format":"date-time"},` +
		`"addr":{"type":"string"},"raw":{},"any":{},"num":{"type":"number"},"big":{"anyOf":[{"type":"integer"},` + null + `]},` +
		`"list":{"type":"array","items":{"type":"string"},"minItems":1,"maxItems":3,"uniqueItems":true,"description":"texts"},` +
		`"pair":{"type":"array","items":{"type":"number"},"minItems":2,"maxItems":2},` +
		`"map":{"type":"object","additionalProperties":` + whole + `,"maxProperties":2},` +
		`"byYear":{"type":"object","propertyNames":{"pattern":"^(0|-?[1-9][0-9]{0,3})$"},"additionalProperties":{"type":"boolean"}},` +
		`"maybe":{"anyOf":[{"type":"integer","minimum":3,"maximum":255},` + null + `],"description":"perhaps","title":"T"},` +
		`"bytes":{"type":"string","contentEncoding":"base64","pattern":"^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$"},` +
		`"tree":{"$ref":"#/$defs/node1","description":"of nodes"},"unit":{"type":"string","enum":["celsius","a,b"],"description":"u"},` +
		`"level":{"type":"integer","enum":[1,2]},"opt":{"anyOf":[{"type":"string","enum":["x"]},` + null + `]},` +
		`"name":{"type":"string","minLength":1,"maxLength":5,"pattern":"^[a-z]{1,5}$"},` +
		`"share":{"type":"number","exclusiveMinimum":0,"maximum":1,"multipleOf":0.25},"from":` + pt + `,"to":` + pt + `,` +
		`"nested":{"type":"object","properties":{"X":` + whole + `},"required":["X"],"additionalProperties":false},` +
		`"quoted":{"type":"string","pattern":"^(0|-?[1-9][0-9]{0,1})$"},"gen":{"$ref":"#/$defs/` + gen[1:] + `},"own":{"z":1,"type":["null"],"description":"d"}},` +
		`"required":["id","note","n","i","u","when","addr","raw","any","num","big","list","pair","map","byYear","bytes","tree","unit","level","opt",` +
		`"name","share","from","to","nested","quoted","gen","own"],"additionalProperties":false,` +
		`"$defs":{"node1":{"type":"object","properties":{"name":{"type":"string"},"next":{"anyOf":[` + ref + `,` + null + `]},` +
		`"kids":{"type":"array","items":{"anyOf":[` + ref + `,` + null + `]}}},"required":["name"],"additionalProperties":false},` +
		gen + `:{"type":"object","properties":{"a":` + pt + `,"p":{"anyOf":[{"$ref":"#/$defs/` + gen[1:] + `},` + null + `]}},"required":["a","p"],"additionalProperties":false}}}`
	if string(got) != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

type tree []tree

type ring struct{ Next map[string]ring }

// TestRecursion checks types that are themselves inside: the root stands in place, and the definition is the same.
func TestRecursion(t *testing.T) {
	for _, c := range []struct {
		t    reflect.Type
		want string
	}{
		{reflect.TypeFor[tree](), `{"type":"array","items":{"$ref":"#/$defs/tree"},"$defs":{"tree":{"type":"array","items":{"$ref":"#/$defs/tree"}}}}`},
		{reflect.TypeFor[ring](), `{"type":"object","properties":{"Next":{"type":"object","additionalProperties":{"$ref":"#/$defs/ring"}}},"required":["Next"],` +
			`"additionalProperties":false,"$defs":{"ring":{"type":"object","properties":{"Next":{"type":"object","additionalProperties":{"$ref":"#/$defs/ring"}}},` +
			`"required":["Next"],"additionalProperties":false}}}`},
	} {
		got, err := Of(c.t)
		if err != nil || string(got) != c.want {
			t.Errorf("%v: error %v\n got %s\nwant %s", c.t, err, got, c.want)
		}
	}
}

type (
	twice[T any] struct{ A, B T }
	four         = twice[twice[twice[twice[int]]]]
	many         = twice[twice[twice[twice[twice[twice[four]]]]]]
)

// TestLong checks that structs stand in place while that is short, and else once.
func TestLong(t *testing.T) {
	short, err := For[four]()
	if err != nil || strings.Contains(string(short), "$ref") {
		t.Errorf("%s, %v", short, err)
	}
	long, err := For[twice[twice[twice[many]]]]()
	if err != nil || len(long) > 1<<14 || strings.Count(string(long), "$ref") != 12*2 {
		t.Errorf("%d bytes with %d references, %v", len(long), strings.Count(string(long), "$ref"), err)
	}
	var root struct{ Type string }
	if json.Unmarshal(long, &root) != nil || root.Type != "object" {
		t.Errorf("the root has type %q", root.Type)
	}
}

type selfReading struct{ X int }

func (*selfReading) UnmarshalJSON([]byte) error { return nil }

type noJSON struct{}

func (noJSON) JSONSchema() []byte { return []byte("{") }

func TestErrors(t *testing.T) {
	for _, c := range []struct {
		t    reflect.Type
		path string
	}{
		{nil, "nil"},
		{reflect.TypeFor[chan int](), "chan int"},
		{reflect.TypeFor[struct{ C chan int }](), "struct { C chan int }.C"},
		{reflect.TypeFor[struct{ F []func() }](), "F[]"},
		{reflect.TypeFor[map[float64]int](), "map[float64]int"},
		{reflect.TypeFor[struct{ E error }](), "E"},
		{reflect.TypeFor[struct{ S selfReading }](), "S"},
		{reflect.TypeFor[struct{ S noJSON }](), "S"},
		{reflect.TypeFor[struct {
			N int `jsonschema:"minimum=x"`
		}](), "N"},
		{reflect.TypeFor[struct {
			N int `jsonschema:"minium=1"`
		}](), "N"},
		{reflect.TypeFor[struct {
			N int `jsonschema:"enum=x"`
		}](), "N"},
		{reflect.TypeFor[struct {
			N uint8 `jsonschema:"enum=300"`
		}](), "N"},
		{reflect.TypeFor[struct {
			N int `jsonschema:"minLength=3"`
		}](), "N"},
		{reflect.TypeFor[struct {
			N string `jsonschema:"maximum=3"`
		}](), "N"},
		{reflect.TypeFor[struct {
			N []string `jsonschema:"minItems=1.5"`
		}](), "N"},
		{reflect.TypeFor[struct {
			N *[]string `jsonschema:"pattern=a"`
		}](), "N"},
	} {
		_, err := Of(c.t)
		var te *TypeError
		if !errors.As(err, &te) || !strings.HasSuffix(te.Path, c.path) {
			t.Errorf("%v: %v, want a TypeError at %s", c.t, err, c.path)
		}
	}
}

type (
	left  struct{ base }
	right struct{ base }
)

// TestEmbeddedTwice: a field that two embedded structs of the same depth bring along is none, as for encoding/json, even
// where both bring the same struct.
func TestEmbeddedTwice(t *testing.T) {
	type both struct {
		left
		right
		X int
	}
	var v both
	if err := json.Unmarshal([]byte(`{"id":7,"X":1}`), &v); err != nil || v.left.ID != 0 || v.right.ID != 0 || v.X != 1 {
		t.Fatalf("%+v, %v: encoding/json has changed", v, err)
	}
	got, err := For[both]()
	if want := `{"type":"object","properties":{"X":{"type":"integer","format":"int64"}},"required":["X"],"additionalProperties":false}`; err != nil || string(got) != want {
		t.Errorf("%s, %v, want %s", got, err, want)
	}
}
