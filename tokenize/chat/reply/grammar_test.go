package reply

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/seed64708441/ember/tokenize/chat/tool"
)

// fixedSchemas have what random ones have not.
var fixedSchemas = []string{
	``,
	`{"type":"object","properties":{}}`,
	`{"type":"object","properties":{"code":{"type":"string"}},"required":["code"],"additionalProperties":false}`,
	`{"type":"object","properties":{"when":{"type":"string","format":"date-time"},"mail":{"type":"string","format":"email"},
		"id":{"type":"string","format":"uuid"},"day":{"type":"string","format":"date"},"ip":{"type":"string","format":"ipv4"}},"additionalProperties":false}`,
	`{"type":"object","properties":{"zip":{"type":"string","pattern":"^[A-Z]{2}-\\d{4,5}$"},"any":{"type":"string","pattern":"[a-z]+@"}},"required":["zip","any"],"additionalProperties":false}`,
	`{"type":"object","properties":{"tree":{"$ref":"#/$defs/node"}},"required":["tree"],"additionalProperties":false,
		"$defs":{"node":{"type":"object","properties":{"v":{"type":"string"},"next":{"anyOf":[{"$ref":"#/$defs/node"},{"type":"null"}]}},"required":["v"],"additionalProperties":false}}}`,
	`{"type":"object","properties":{"u":{"enum":["c","f"]},"x":{"enum":[1,2,null]},"k":{"const":"always"}},"required":["u","k"],"additionalProperties":false}`,
	`{"type":"object","properties":{"o":{"type":["string","null"]},"p":{"anyOf":[{"type":"string"},{"type":"integer"}]}},"additionalProperties":false}`,
	`{"type":"object","properties":{"m":{"type":"object","additionalProperties":{"type":"integer"}},"any":{"type":"object"},"list":{"type":"array"}},"additionalProperties":false}`,
	`{"type":"object","properties":{"s":{"type":"string","maxLength":5},"t":{"type":"string","minLength":3},"e":{"type":"string","enum":["","</b>"," x "]}},"required":["s","t","e"],"additionalProperties":false}`,
}

// randomSchema makes a schema of nested values.
func randomSchema(r *rand.Rand, depth int) string {
	kinds := []string{"string", "integer", "number", "boolean", "enum", "bounded", "short", "nullable"}
	if depth < 3 {
		kinds = append(kinds, "array", "object", "array", "object")
	}
	switch kind := kinds[r.IntN(len(kinds))]; kind {
	case "enum":
		return `{"type":"string","enum":["red","green","light \"blue\"","ünï"]}`
	case "bounded":
		low := r.IntN(300) - 150
		return fmt.Sprintf(`{"type":"integer","minimum":%d,"maximum":%d}`, low, low+r.IntN(500))
	case "short":
		return fmt.Sprintf(`{"type":"string","minLength":%d,"maxLength":%d}`, r.IntN(3), 3+r.IntN(20))
	case "nullable":
		return `{"type":["integer","null"]}`
	case "array":
		return fmt.Sprintf(`{"type":"array","items":%s,"minItems":%d,"maxItems":%d}`, randomSchema(r, depth+1), r.IntN(2), 1+r.IntN(3))
	case "object":
		return randomObject(r, depth+1)
	default:
		return `{"type":"` + kind + `"}`
	}
}

func randomObject(r *rand.Rand, depth int) string {
	var props, required []string
	for i := range 1 + r.IntN(4) {
		name := fmt.Sprintf(`"p%d"`, i)
		props = append(props, name+":"+randomSchema(r, depth))
		if r.IntN(2) == 0 {
			required = append(required, name)
		}
	}
	return `{"type":"object","properties":{` + strings.Join(props, ",") + `},"required":[` + strings.Join(required, ",") + `],"additionalProperties":false}`
}

// grammarTools are fifty tools.
func grammarTools() []tool.Def {
	r := rand.New(rand.NewPCG(1, 2))
	var out []tool.Def
	for i := range 50 {
		s := ""
		if i < len(fixedSchemas) {
			s = fixedSchemas[i]
		} else {
			s = randomObject(r, 0)
		}
		out = append(out, tool.Def{Name: fmt.Sprintf("tool_%d.x-y", i), Parameters: json.RawMessage(s)})
	}
	return out
}

// TestGrammar derives random replies from the grammar of fifty tools in every syntax, and reads them.
func TestGrammar(t *testing.T) {
	tools := grammarTools()
	for s := NoCalls + 1; s < syntaxEnd; s++ {
		t.Run(s.String(), func(t *testing.T) {
			r := rand.New(rand.NewPCG(uint64(s), 3))
			f := Format{Calls: s}
			for i, d := range tools {
				for _, c := range []Choice{{}, {Required: true}, {Required: true, One: true}} {
					group := []tool.Def{d, tools[(i+1)%len(tools)]}
					g, err := f.Grammar(group, c)
					if err != nil {
						t.Fatalf("%s: %v", d.Parameters, err)
					}
					for range 1 + i%2 {
						checkDerived(t, r, f, g, c, group)
					}
				}
			}
		})
	}
}

// checkDerived derives a reply and checks that it is read as valid calls and nothing else.
func checkDerived(t *testing.T, r *rand.Rand, f Format, g Grammar, c Choice, tools []tool.Def) {
	t.Helper()
	rules := parseGBNF(t, g.GBNF)
	rules.hole = func(n int, r *rand.Rand) string {
		s, err := parseSchema(g.Schemas[n])
		if err != nil {
			t.Fatal(err)
		}
		return instance(s, r, 0)
	}
	text := rules.derive(r, "root")
	o := Options{Tools: tools}
	switch f.Calls {
	case FunctionaryLine:
		o.Prompt = ">>>"
		text = strings.TrimPrefix(strings.TrimLeft(text, "\n"), ">>>")
	case Harmony:
		o.Prompt = "<|start|>assistant"
	}
	whole, err := parsePieces(f, o, []string{text})
	if err != nil {
		t.Fatal(err)
	}
	n := 1 + r.IntN(9)
	var pieces []string
	for s := text; s != ""; s = s[min(n, len(s)):] {
		pieces = append(pieces, s[:min(n, len(s))])
	}
	if cut, err := parsePieces(f, o, pieces); err != nil || show(cut) != show(whole) {
		t.Errorf("%q in pieces of %d:\n got %s, error %v\nwant %s", text, n, show(cut), err, show(whole))
	}
	if f.Calls == Harmony && !c.Required { // answers in words, too
		if len(whole.Errors) > 0 || len(whole.Calls) > 1 || len(g.Triggers) > 0 {
			t.Fatalf("%q:\n got %s %v", text, show(whole), whole.Errors)
		}
	} else if len(whole.Errors) > 0 || len(whole.Calls) == 0 || c.One && len(whole.Calls) > 1 || strings.TrimSpace(whole.Text) != "" {
		t.Fatalf("%q:\n got %s %v", text, show(whole), whole.Errors)
	}
	if !c.Required && f.Calls != Harmony {
		checkTrigger(t, g, text)
	}
	for _, call := range whole.Calls {
		for _, d := range tools {
			if d.Name != call.Name {
				continue
			}
			s, err := parseSchema(d.Schema())
			if err != nil {
				t.Fatal(err)
			}
			var v any
			if err := json.Unmarshal(call.Arguments, &v); err != nil {
				t.Fatal(err)
			}
			if err := validate(s, v); err != nil {
				t.Errorf("%q:\n%s is not valid for %s: %v", text, call.Arguments, d.Parameters, err)
			}
		}
	}
}

// checkTrigger checks that a derived text begins with a trigger, but for a mark that is optional.
func checkTrigger(t *testing.T, g Grammar, text string) {
	t.Helper()
	for _, tr := range g.Triggers {
		if i := strings.Index(text, tr.Text); i >= 0 && i <= len("<|start|>assistant") {
			return
		}
	}
	t.Errorf("%q begins with none of %v", text, g.Triggers)
}

func TestGrammarErrors(t *testing.T) {
	for _, c := range []struct {
		syntax  Syntax
		schema  string
		keyword string
	}{
		{QwenXML, `{"type":"object","properties":{"a":{"type":"string","pattern":"(?i)a"}}}`, "pattern"},
		{QwenXML, `{"type":"object","properties":{"a":{"type":"string","pattern":"a\\b"}}}`, "pattern"},
		{QwenXML, `{"type":"object","properties":{"a":{"type":"string","format":"regex"}}}`, "format"},
		{QwenXML, `{"type":"object","properties":{"a":{"type":"string","pattern":"a","minLength":3}}}`, "pattern"},
		{QwenXML, `{"type":"object","minProperties":1}`, "minProperties"},
		{QwenXML, `{"type":"object","properties":{"a>":{"type":"string"}}}`, "properties"},
		{QwenXML, `{"type":"object","properties":{"a":{"type":"string"}},"required":["b"]}`, "required"},
		{QwenXML, `{"type":"object","properties":{"a":{"type":"integer","allOf":[{"$ref":"#/properties/a"}]}}}`, "$ref"},
		{QwenXML, `{"type":"object","properties":{"a":{"enum":["1","b",1]}}}`, "enum"},
		{QwenXML, `{"type":"object","properties":{"a":{"type":"string","enum":["x</parameter>"]}}}`, "enum"},
		{GLM, `{"type":"object","properties":{"a":{"type":"string","not":{"const":"x"}}}}`, "not"},
		{Gemma, `{"type":"object","properties":{"a":{"type":"integer","multipleOf":3}}}`, "multipleOf"},
		{Gemma, `{"type":"object","properties":{"a":{"type":"array","uniqueItems":true}}}`, "uniqueItems"},
		{Gemma, `{"type":"object","properties":{"a":{"oneOf":[{"type":"string"},{"type":"string","maxLength":3}]}}}`, "oneOf"},
		{Gemma, `{"type":"object","properties":{"a":{"type":"object","patternProperties":{"x":{}}}}}`, "patternProperties"},
		{Gemma, `{"type":"object","properties":{"a:b":{}}}`, "properties"},
		{Gemma, `{"type":"object","properties":{"a":{"$ref":"other.json"}}}`, "$ref"},
		{Gemma, `{"type":"object","properties":{"a":{"$ref":"#/$defs/a"}},"$defs":{"a":{"anyOf":[{"type":"string"},{"$ref":"#/$defs/a"}]}}}`, "$ref"},
		{Gemma, `{"type":"object","properties":{"a":{"$ref":"#/$defs/a"}},"$defs":{"a":{"$ref":"#/$defs/a"}}}`, "$ref"},
		{GLM, `{"type":"object","properties":{"a":{"$ref":"#/$defs/a"}},"$defs":{"a":{"anyOf":[{"type":["string","null"]},{"$ref":"#/$defs/a"}]}}}`, "anyOf"},
		{GLM, `{"type":"object","properties":{"a":{"$ref":"#/$defs/a"}},"$defs":{"a":{"$ref":"#/$defs/a"}}}`, "$ref"},
	} {
		_, err := Format{Calls: c.syntax}.Grammar([]tool.Def{{Name: "f", Parameters: json.RawMessage(c.schema)}}, Choice{})
		var u *UnsupportedError
		if !errors.As(err, &u) || u.Keyword != c.keyword || u.Tool != "f" {
			t.Errorf("%v %s: got error %v, want one about %s", c.syntax, c.schema, err, c.keyword)
		}
	}
	for _, c := range []struct {
		f     Format
		tools []tool.Def
		c     Choice
	}{
		{Format{}, roundTools, Choice{}}, {Format{Calls: Hermes}, nil, Choice{}}, {Format{Calls: Hermes}, roundTools, Choice{Name: "nope"}},
		{Format{Calls: FunctionaryLine}, []tool.Def{{Name: "all"}}, Choice{}}, {Format{Calls: Hermes}, []tool.Def{{Name: "a b"}}, Choice{}},
	} {
		if _, err := c.f.Grammar(c.tools, c.c); err == nil {
			t.Errorf("%v, %v: got no error", c.f, c.c)
		}
	}
}

func TestChoice(t *testing.T) {
	g, err := Format{Calls: Hermes}.Grammar(roundTools, Choice{Name: "add"})
	if err != nil || strings.Contains(g.GBNF, "get_weather") || !strings.Contains(g.GBNF, "add") || len(g.Schemas) != 1 {
		t.Errorf("got %+v, error %v", g, err)
	}
}

// TestRanges compares the expressions for whole numbers with all numbers of up to four digits.
func TestRanges(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 200 {
		lo := int64(r.IntN(3000))
		hi := lo + int64(r.IntN(3000))
		seen := map[string]bool{}
		for _, e := range ranges(lo, hi) {
			for _, s := range expand(t, e) {
				if seen[s] {
					t.Fatalf("%d to %d: %s twice", lo, hi, s)
				}
				seen[s] = true
			}
		}
		for n := lo; n <= hi; n++ {
			if !seen[fmt.Sprint(n)] {
				t.Fatalf("%d to %d: %d is not there: %q", lo, hi, n, ranges(lo, hi))
			}
		}
		if len(seen) != int(hi-lo+1) {
			t.Fatalf("%d to %d: %d numbers", lo, hi, len(seen))
		}
	}
}

// expand lists all texts of a sequence of literals and classes.
func expand(t *testing.T, e string) []string {
	s := &gbnfScan{s: e}
	out := []string{""}
	for _, it := range s.alternatives()[0] {
		for range it.min {
			var next []string
			for _, head := range out {
				if it.class == nil {
					next = append(next, head+it.lit)
					continue
				}
				for c := it.class[0]; c <= it.class[1]; c++ {
					next = append(next, head+string(c))
				}
			}
			out = next
		}
	}
	if s.bad {
		t.Fatalf("cannot read %q", e)
	}
	return out
}

// FuzzGrammar checks that no schema makes Grammar panic or run away, and that what it derives is read as calls.
func FuzzGrammar(f *testing.F) {
	for _, s := range fixedSchemas {
		for syntax := range syntaxEnd {
			f.Add(uint8(syntax), s, uint64(1))
		}
	}
	f.Add(uint8(Gemma), randomObject(rand.New(rand.NewPCG(1, 1)), 0), uint64(2))
	f.Fuzz(func(t *testing.T, syntax uint8, schema string, seed uint64) {
		s := Syntax(syntax % uint8(syntaxEnd))
		tools := []tool.Def{{Name: "f", Parameters: json.RawMessage(schema)}}
		g, err := Format{Calls: s}.Grammar(tools, Choice{Required: true})
		if err != nil || layouts[s].prog["args"].kind == value || len(g.Schemas) > 0 {
			return // what holes derive is for the schema's own tests
		}
		rules := parseGBNF(t, g.GBNF)
		if _, ok := rules.height["root"]; !ok {
			return // nothing is possible
		}
		text := rules.derive(rand.New(rand.NewPCG(seed, 0)), "root")
		r, err := parsePieces(Format{Calls: s}, Options{Tools: tools}, []string{text})
		if err != nil || len(r.Errors) > 0 || len(r.Calls) == 0 {
			t.Errorf("%v %s: %q: got %s %v, error %v", s, schema, text, show(r), r.Errors, err)
		}
	})
}
