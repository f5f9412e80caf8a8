package tool

import (
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/seed64708441/ember/tokenize/chat"
)

type node struct {
	Name string  `json:"name"`
	Next *node   `json:"next,omitempty"`
	Kids []*node `json:"kids,omitempty"`
}

type base struct {
	ID int `json:"id"`
}

type all struct {
	base
	Z      string            `json:"z" description:"the last letter"`
	A      bool              `json:"a,omitempty"`
	N      uint8             `json:"n"`
	F      float32           `json:"f,omitzero"`
	I      int16             `json:"i"`
	When   time.Time         `json:"when"`
	Addr   netip.Addr        `json:"addr"`
	Raw    json.RawMessage   `json:"raw"`
	Any    any               `json:"any"`
	List   []string          `json:"list"`
	Pair   [2]float64        `json:"pair"`
	Map    map[string]int    `json:"map"`
	Maybe  *bool             `json:"maybe"`
	Bytes  []byte            `json:"bytes"`
	Tree   node              `json:"tree"`
	Unit   string            `json:"unit" enum:"celsius,fahrenheit" description:"u"`
	Level  int               `json:"level" enum:"1,2"`
	Nested struct{ X int }   `json:"nested"`
	Skip   func()            `json:"-"`
	hidden map[chan int]bool //nolint:unused // not exported, so not part of the schema
}

func TestSchemaOf(t *testing.T) {
	got, err := SchemaOf[all]()
	if err != nil {
		t.Fatal(err)
	}
	node := `{"$ref":"#/$defs/node0"}`
	want := `{"type":"object","properties":{"id":{"type":"integer"},"z":{"type":"string","description":"the last letter"},"a":{"type":"boolean"},` +
		`"n":{"type":"integer","minimum":0,"maximum":255},"f":{"type":"number"},"i":{"type":"integer","minimum":-32768,"maximum":32767},` +
		`"when":{"type":"string","format":"date-time"},"addr":{"type":"string"},"raw":{},"any":{},` +
		`"list":{"type":"array","items":{"type":"string"}},"pair":{"type":"array","items":{"type":"number"},"minItems":2,"maxItems":2},` +
		`"map":{"type":"object","additionalProperties":{"type":"integer"}},"maybe":{"anyOf":[{"type":"boolean"},{"type":"null"}]},` +
		`"bytes":{"type":"string","contentEncoding":"base64","pattern":"^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"},"tree":` + node + `,` +
		`"unit":{"type":"string","enum":["celsius","fahrenheit"],"description":"u"},"level":{"type":"integer","enum":[1,2]},` +
		`"nested":{"type":"object","properties":{"X":{"type":"integer"}},"required":["X"],"additionalProperties":false}},` +
		`"required":["id","z","n","i","when","addr","raw","any","list","pair","map","maybe","bytes","tree","unit","level","nested"],"additionalProperties":false,` +
		`"$defs":{"node0":{"type":"object","properties":{"name":{"type":"string"},"next":{"anyOf":[` + node + `,{"type":"null"}]},` +
		`"kids":{"type":"array","items":{"anyOf":[` + node + `,{"type":"null"}]}}},"required":["name"],"additionalProperties":false}}}`
	if string(got) != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

type selfDecoding struct{}

func (*selfDecoding) UnmarshalJSON([]byte) error { return nil }

type loop []loop

func TestSchemaErrors(t *testing.T) {
	check := func(name string, err error) {
		if err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
	_, err := SchemaOf[chan int]()
	check("chan", err)
	_, err = SchemaOf[struct{ F func() }]()
	check("func", err)
	if err == nil || !strings.Contains(err.Error(), ".F") {
		t.Errorf("got error %v, want one that names the field", err)
	}
	_, err = SchemaOf[map[int]string]()
	check("keys", err)
	_, err = SchemaOf[struct{ A selfDecoding }]()
	check("decodes itself", err)
	_, err = SchemaOf[struct {
		base
		B int `json:"id"`
	}]()
	check("twice", err)
	_, err = SchemaOf[struct {
		A int `json:",string"`
	}]()
	check("string", err)
	_, err = SchemaOf[struct {
		A int `enum:"a"`
	}]()
	check("enum", err)
	_, err = SchemaOf[loop]()
	check("loop", err)
}

func TestFunc(t *testing.T) {
	type in struct {
		A int `json:"a"`
		B int `json:"b,omitempty"`
	}
	errOdd := errors.New("odd")
	f, err := New("add", "Adds.", func(_ context.Context, x in) (map[string]int, error) {
		if x.A%2 == 1 {
			return nil, errOdd
		}
		return map[string]int{"sum": x.A + x.B}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := f.Call(context.Background(), json.RawMessage(`{"a": 2, "b": 3}`)); got != `{"sum":5}` || err != nil {
		t.Errorf("got %s, error %v", got, err)
	}
	if _, err := f.Call(context.Background(), json.RawMessage(`{"a": 1}`)); !errors.Is(err, errOdd) {
		t.Errorf("got error %v, want that of the function", err)
	}
	for _, args := range []string{`{"a": "x"}`, `{"c": 1}`, `{} x`, `[]`, ``} {
		if _, err := f.Call(context.Background(), json.RawMessage(args)); err == nil {
			t.Errorf("%s: got no error", args)
		}
	}
	s, err := New("say", "", func(context.Context, struct{}) (string, error) { return "a text", nil })
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.Call(context.Background(), json.RawMessage(`{}`)); got != "a text" || err != nil {
		t.Errorf("got %s, error %v", got, err)
	}
	if _, err := New("x", "", func(context.Context, int) (int, error) { return 0, nil }); err == nil {
		t.Error("a number as arguments: got no error")
	}
	if _, err := New("x", "", func(context.Context, node) (int, error) { return 0, nil }); err == nil {
		t.Error("a type inside itself: got no error")
	}
	if _, err := New[struct{}, int]("x", "", nil); err == nil {
		t.Error("nil: got no error")
	}
	if _, err := (&Func{}).Call(context.Background(), nil); err == nil {
		t.Error("no function: got no error")
	}
}

func TestDef(t *testing.T) {
	d := Def{Name: "f", Description: "does", Parameters: json.RawMessage(`{"type": "object", "properties": {"z": {}, "a": {}}}`)}
	v, err := d.Value()
	if err != nil {
		t.Fatal(err)
	}
	tmpl, err := chat.Parse("{{ tools|tojson }}", chat.Options{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := tmpl.Render(context.Background(), chat.Input{Tools: []chat.Value{v}})
	want := `[{"type": "function", "function": {"name": "f", "description": "does", "parameters": {"type": "object", "properties": {"z": {}, "a": {}}}}}]`
	if err != nil || got != want {
		t.Errorf("\n got %s, error %v\nwant %s", got, err, want)
	}
	for _, d := range []Def{{}, {Name: "a b"}, {Name: "1"}, {Name: strings.Repeat("a", 65)}, {Name: "f", Parameters: json.RawMessage(`{`)},
		{Name: "f", Parameters: json.RawMessage(`{"type": "array"}`)}, {Name: "f", Parameters: json.RawMessage(`[]`)}} {
		if _, err := d.Value(); err == nil {
			t.Errorf("%+v: got no error", d)
		}
	}
	if _, err := Values([]Def{d, d}); err == nil {
		t.Error("two tools of one name: got no error")
	}
}
