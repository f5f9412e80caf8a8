package grammar

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/seed64708441/ember/tensor/tensortest"
)

type recordedCase struct {
	Kind, Name, Grammar string
	SchemaText          string `json:"schema_text"`
	Pass, Fail          []string
	PassVerdict         []string `json:"pass_jsonschema"`
	FailVerdict         []string `json:"fail_jsonschema"`
}

func readJSON(t testing.TB, path string, v any) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(b, v)
	}
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// TestRecordedGrammars runs the GBNF grammars whose strings llama.cpp's matcher was recorded on.
func TestRecordedGrammars(t *testing.T) {
	var data struct {
		Cases   []recordedCase
		Invalid []struct{ Name, Grammar, Reason string } `json:"invalid_grammars"`
	}
	readJSON(t, tensortest.Path(t, "grammar", "llama_cpp_grammar_cases.json"), &data)
	var counts tensortest.Counts
	for _, c := range data.Cases {
		if c.Kind != "gbnf" {
			continue
		}
		counts.Case(t, c.Name, func(t *testing.T) {
			g, err := FromGBNF(c.Grammar)
			if err != nil {
				t.Fatal(err)
			}
			checkStrings(t, g, c.Pass, c.Fail)
		})
	}
	counts.Report(t)
	for _, c := range data.Invalid {
		if _, err := FromGBNF(c.Grammar); err == nil {
			t.Errorf("%s (%s): no error", c.Name, c.Reason)
		}
	}
}

func checkStrings(t *testing.T, g *Grammar, pass, fail []string) {
	t.Helper()
	for _, s := range pass {
		if !g.Match(s) {
			t.Errorf("not accepted: %q", s)
		}
		for i := range s {
			if !g.Completable(s[:i]) {
				t.Errorf("a beginning of an accepted text is called a dead end: %q", s[:i])
			}
		}
	}
	for _, s := range fail {
		if g.Match(s) {
			t.Errorf("accepted: %q", s)
		}
	}
}

// TestGBNFFiles compiles llama.cpp's own example grammars.
func TestGBNFFiles(t *testing.T) {
	texts := map[string][]string{
		"json.gbnf":       {`{"a": [1, 2.5e3, "x\n"], "b": null}`},
		"arithmetic.gbnf": {"a +b = 3\n"},
		"chess.gbnf":      {"1. e4 e5\n2. Nf3 Nc6\n3. Bb5 a6\n"},
		"japanese.gbnf":   {"こんにちは 世界"},
		"c.gbnf":          {"int f(int x){return 1;}"},
		"list.gbnf":       {"- one\n- two\n"},
	}
	var counts tensortest.Counts
	for _, file := range tensortest.Glob(t, "grammar", "gbnf", "*.gbnf") {
		counts.Case(t, filepath.Base(file), func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			g, err := FromGBNF(string(src))
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range texts[filepath.Base(file)] {
				for i := range s {
					if !g.Completable(s[:i]) {
						t.Fatalf("dead end at %q", s[:i])
					}
				}
			}
		})
	}
	counts.Report(t)
}
