package grammar

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"regexp"
	"testing"

	"github.com/seed64708441/ember/model/grammar/internal/schema"
)

// document makes a value at random, of the names and constants that schemaMaker likes.
func (s *schemaMaker) document(depth int) any {
	if depth == 0 || s.chance(40) {
		switch s.rng.IntN(5) {
		case 0:
			return s.pick(-7, 0, 1, 2, 7, 14, 99, json.Number("1.5"), json.Number("0.25"), json.Number("-0.0"), json.Number("2.0"), 12345)
		case 1, 2:
			return s.pick("", "a", "foo", "bar", "aab", "12", "é", "a\"b", "x\ny", "zz", "2024-02-29", "10.0.0.1", "aé")
		case 3:
			return s.chance(50)
		}
		return nil
	}
	if s.chance(40) {
		l := make([]any, s.rng.IntN(4))
		for i := range l {
			l[i] = s.document(depth - 1)
		}
		return l
	}
	o := m{}
	for range s.rng.IntN(4) {
		o[s.pick("a", "b", "foo", "kind", "é", "x-y", "bo", "zz").(string)] = s.document(depth - 1)
	}
	return o
}

// mutant changes a piece of a document.
func (s *schemaMaker) mutant(doc string) string {
	b := []byte(doc)
	for range 1 + s.rng.IntN(2) {
		i := s.rng.IntN(len(b) + 1)
		switch s.rng.IntN(3) {
		case 0:
			b = append(b[:i], append([]byte(s.pick(",", "1", "\"", "null", "[]", "{}", "a", "0", `"a":1,`, ",true", "-", `""`).(string)), b[i:]...)...)
		case 1:
			j := min(len(b), i+1+s.rng.IntN(4))
			b = append(b[:i], b[j:]...)
		default:
			if i < len(b) {
				b[i] = "0123ab[]{},:\" tfn-."[s.rng.IntN(19)]
			}
		}
	}
	return string(b)
}

var longSpelling = regexp.MustCompile(`-0\b|\.[0-9]*0\b`)

// TestRandomValues compares the grammar of random schemas with the validator on random documents, in both directions:
// with Exact a document is accepted exactly if it is valid. A schema said to admit nothing must admit none of them.
func TestRandomValues(t *testing.T) {
	schemas := 150
	if os.Getenv("EMBER_LONG") != "" {
		schemas = 4000
	}
	v := testVocabulary()
	tokens, err := NewTokens(v)
	if err != nil {
		t.Fatal(err)
	}
	maker := &schemaMaker{rand.New(rand.NewPCG(envSeed(), 77))}
	valid, invalid := 0, 0
	for n := 0; n < schemas; n++ {
		root, _ := maker.make(3).(m)
		if root == nil {
			continue
		}
		root["$defs"] = m{"a": maker.make(1), "b": m{"type": "object", "properties": m{"a": m{"$ref": "#/$defs/b"}, "b": maker.make(0)}}}
		doc, err := json.Marshal(root)
		if err != nil {
			t.Fatal(err)
		}
		opt := Options{Exact: true, FormatAnnotation: maker.chance(50)}
		g, err := FromJSONSchema(doc, opt)
		if err != nil && !errors.Is(err, ErrEmpty) {
			continue
		}
		judge, jerr := schema.NewValidator(doc, opt.internal())
		if jerr != nil {
			t.Fatal(jerr)
		}
		texts := []string{}
		for range 25 {
			b, _ := json.Marshal(maker.document(3))
			texts = append(texts, string(b))
		}
		if err == nil {
			c := CompileTokens(g, tokens)
			for range 3 {
				if out, ended := newSampler(uint64(n), v).run(t, c, 20); ended {
					texts = append(texts, out)
					for range 6 {
						texts = append(texts, maker.mutant(out))
					}
				}
			}
		}
		for _, text := range texts {
			if exponent.MatchString(text) || bytes.Contains([]byte(text), []byte(`\u`)) || bytes.ContainsAny([]byte(text), "\ufffd") || !json.Valid([]byte(text)) {
				continue
			}
			var compactText bytes.Buffer
			if json.Compact(&compactText, []byte(text)) != nil {
				continue
			}
			verdict := judge.Validate([]byte(text))
			var broken *Violation
			if verdict != nil && !errors.As(verdict, &broken) {
				continue // a key that appears twice, a number beyond reason
			}
			accepted := err == nil && g.Match(compactText.String())
			// Numbers among items that must differ have one spelling.
			spelled := bytes.Contains(doc, []byte("uniqueItems")) && longSpelling.MatchString(text)
			if accepted != (verdict == nil) && !(spelled && !accepted) {
				t.Fatalf("schema %s\ndocument %s\naccepted %v, validator: %v", doc, text, accepted, verdict)
			}
			if accepted {
				valid++
			} else {
				invalid++
			}
		}
	}
	t.Logf("%d valid and %d invalid documents", valid, invalid)
	if valid < schemas/2 || invalid < schemas/2 {
		t.Error("too few of one kind: it proves nothing")
	}
}
