package grammar

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"github.com/seed64708441/ember/model/grammar/internal/schema"
)

// schemaMaker makes schemas at random.
type schemaMaker struct{ rng *rand.Rand }

type m = map[string]any

func (s *schemaMaker) pick(list ...any) any { return list[s.rng.IntN(len(list))] }
func (s *schemaMaker) chance(percent int) bool {
	return s.rng.IntN(100) < percent
}

func (s *schemaMaker) make(depth int) any {
	if s.chance(4) {
		return s.chance(80)
	}
	out := m{}
	kind := s.rng.IntN(9)
	if depth <= 0 {
		kind = s.rng.IntN(5)
	}
	switch kind {
	case 0:
		s.number(out)
	case 1, 2:
		s.str(out)
	case 3:
		out["enum"] = []any{s.value(1), s.value(1), s.value(0)}
	case 4:
		out["type"] = s.pick("boolean", "null", "string", []any{"string", "null"}, []any{"integer", "boolean"})
	case 5, 6:
		s.object(out, depth)
	case 7:
		s.array(out, depth)
	case 8:
		out["$ref"] = s.pick("#/$defs/a", "#/$defs/b")
	}
	if depth > 0 && s.chance(35) {
		s.combine(out, depth)
	}
	return out
}

func (s *schemaMaker) value(depth int) any {
	switch s.rng.IntN(6 + depth) {
	case 0:
		return s.rng.IntN(200) - 100
	case 1:
		return s.pick("", "foo", "a\"b", "é", "x\ny", "bar")
	case 2:
		return nil
	case 3:
		return s.chance(50)
	case 4:
		return json.Number(s.pick("1.5", "-0.25", "1e3", "100").(string))
	case 5:
		return "foo"
	case 6:
		return s.pick([]any{1, "a"}, m{"a": s.value(depth - 1)}, []any{})
	}
	return m{"a": 1, "b": []any{true}}
}

func (s *schemaMaker) number(out m) {
	out["type"] = s.pick("integer", "number")
	if s.chance(50) {
		out["minimum"] = s.pick(-5, 0, 7, json.Number("1.25"), -1000)
	}
	if s.chance(50) {
		out["maximum"] = s.pick(5, 99, 12345, json.Number("33.5"))
	}
	if s.chance(20) {
		out["exclusiveMinimum"] = s.pick(-1, 0, 3)
	}
	if s.chance(30) {
		out["multipleOf"] = s.pick(2, 7, json.Number("0.5"), json.Number("0.01"))
	}
}

func (s *schemaMaker) str(out m) {
	out["type"] = "string"
	if s.chance(40) {
		out["minLength"] = s.rng.IntN(4)
	}
	if s.chance(40) {
		out["maxLength"] = 3 + s.rng.IntN(6)
	}
	if s.chance(30) {
		out["pattern"] = s.pick("^a+b*$", "[0-9]{2}", "^(foo|bar)", "é$", `^\w*$`, `\bab\b`)
	}
	if s.chance(15) {
		delete(out, "maxLength")
		out["format"] = s.pick("date", "ipv4", "uuid", "email", "time", "uri", "date-time", "ipv6", "hostname", "duration", "json-pointer")
	}
}

func (s *schemaMaker) object(out m, depth int) {
	out["type"] = "object"
	props := m{}
	names := []string{"a", "b", "foo", "kind", "é"}
	for _, n := range names[:s.rng.IntN(len(names)+1)] {
		props[n] = s.make(depth - 1)
	}
	out["properties"] = props
	if s.chance(60) {
		out["required"] = []any{s.pick("a", "b", "foo"), s.pick("a", "kind")}
	}
	if s.chance(60) {
		out["additionalProperties"] = s.pick(false, false, s.make(depth-2))
	}
	if s.chance(15) {
		out["patternProperties"] = m{s.pick("^b", "o$", "^x-").(string): s.make(depth - 1)}
	}
	if s.chance(10) {
		out["propertyNames"] = s.pick(m{"maxLength": 3}, m{"pattern": "^[a-f]"}, m{"enum": []any{"a", "b", "zz"}})
	}
	if s.chance(15) {
		out["minProperties"] = s.rng.IntN(3)
	}
	if s.chance(15) {
		out["maxProperties"] = 1 + s.rng.IntN(4)
	}
	if s.chance(10) {
		out["dependentRequired"] = m{"a": []any{"b"}}
	}
	if s.chance(10) {
		out["dependentSchemas"] = m{"b": s.make(depth - 1)}
	}
	if s.chance(10) {
		delete(out, "additionalProperties")
		out["unevaluatedProperties"] = s.pick(false, s.make(0))
	}
}

func (s *schemaMaker) array(out m, depth int) {
	out["type"] = "array"
	if s.chance(70) {
		out["items"] = s.make(depth - 1)
	}
	if s.chance(30) {
		out["prefixItems"] = []any{s.make(depth - 1), s.make(depth - 1)}
	}
	if s.chance(30) {
		out["minItems"] = s.rng.IntN(3)
	}
	if s.chance(50) {
		out["maxItems"] = 1 + s.rng.IntN(4)
	}
	if s.chance(20) {
		out["contains"] = s.make(depth - 1)
		if s.chance(50) {
			out["maxContains"] = 1 + s.rng.IntN(2)
		}
	}
	if s.chance(20) {
		out["uniqueItems"] = true
	}
	if s.chance(10) {
		delete(out, "items")
		out["unevaluatedItems"] = s.pick(false, s.make(0))
	}
}

func (s *schemaMaker) combine(out m, depth int) {
	list := func() []any {
		l := []any{s.make(depth - 1), s.make(depth - 1)}
		if s.chance(30) {
			l = append(l, s.make(depth-1))
		}
		return l
	}
	switch s.rng.IntN(6) {
	case 0:
		out["anyOf"] = list()
	case 1:
		out["oneOf"] = list()
	case 2:
		out["allOf"] = list()[:1]
	case 3:
		out["not"] = s.pick(m{"enum": []any{1, "foo", nil}}, m{"required": []any{"a"}}, s.make(depth-1))
	case 4:
		out["if"], out["then"], out["else"] = s.make(depth-1), s.make(depth-1), s.make(depth-1)
	case 5:
		delete(out, "type")
		out["anyOf"] = list()
	}
}

// envSeed returns EMBER_SEED, or 1.
func envSeed() uint64 {
	seed, err := strconv.ParseUint(os.Getenv("EMBER_SEED"), 10, 64)
	if err != nil {
		return 1
	}
	return seed
}

// TestRandomSchemas makes outputs under random schemas from random logits; an independent validator must find all of
// them valid. EMBER_LONG=1 makes 10,000 of them.
func TestRandomSchemas(t *testing.T) {
	want := 600
	if os.Getenv("EMBER_LONG") != "" {
		want = 10_000
	}
	v := testVocabulary()
	tokens, err := NewTokens(v)
	if err != nil {
		t.Fatal(err)
	}
	maker := &schemaMaker{rand.New(rand.NewPCG(envSeed(), 5))}
	outputs, schemas, empty, refused, unended := 0, 0, 0, map[string]int{}, 0
	for outputs < want {
		root, _ := maker.make(3).(m)
		if root == nil {
			continue
		}
		root["$defs"] = m{"a": maker.make(1), "b": m{"type": "object", "properties": m{"a": m{"$ref": "#/$defs/b"}, "b": maker.make(0)}}}
		doc, err := json.Marshal(root)
		if err != nil {
			t.Fatal(err)
		}
		opt := Options{Exact: maker.chance(30), AnyOrder: maker.chance(20)}
		g, err := FromJSONSchema(doc, opt)
		var un *UnsupportedError
		var invalid *InvalidSchemaError
		switch {
		case errors.Is(err, ErrEmpty):
			empty++
			continue
		case errors.As(err, &un):
			refused[un.Keyword]++
			continue
		case errors.As(err, &invalid): // a $ref that leads to itself
			refused[invalid.Keyword]++
			continue
		case err != nil:
			t.Fatalf("%s: %v", doc, err)
		}
		schemas++
		judge, err := schema.NewValidator(doc, opt.internal())
		if err != nil {
			t.Fatal(err)
		}
		c := CompileTokens(g, tokens)
		for range 5 {
			out, ended := newSampler(uint64(outputs+unended), v).run(t, c, 40)
			if !ended { // the logits never liked what a schema requires
				unended++
				continue
			}
			outputs++
			if !json.Valid([]byte(out)) {
				t.Fatalf("schema %s\nnot JSON: %s", doc, out)
			}
			if err := judge.Validate([]byte(out)); err != nil {
				t.Fatalf("schema %s\noutput %s\n%v", doc, out, err)
			}
		}
	}
	t.Logf("%d outputs of %d schemas valid; %d did not end in time; %d schemas admit nothing, refused: %v", outputs, schemas, unended, empty, refused)
	if unended > outputs/10 {
		t.Errorf("%d of %d outputs did not end", unended, outputs)
	}
}
