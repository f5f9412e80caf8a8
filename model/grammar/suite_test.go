package grammar

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed64708441/ember/model/grammar/internal/schema"
	"github.com/seed64708441/ember/tensor/tensortest"
)

type suiteGroup struct {
	Description string
	Schema      json.RawMessage
	Tests       []struct {
		Description string
		Data        json.RawMessage
		Valid       bool
	}
}

// suiteDocuments returns the documents that schemas of the suite refer to, by URI.
func suiteDocuments(t testing.TB) map[string][]byte {
	docs := map[string][]byte{}
	root := tensortest.Path(t, "jsonschema", "suite-remotes")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		rel, _ := filepath.Rel(root, path)
		docs["http://localhost:1234/draft2020-12/"+filepath.ToSlash(rel)] = b
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return docs
}

// suiteFiles returns the files of the suite, by path inside it.
func suiteFiles(t testing.TB) (names []string, groups map[string][]suiteGroup) {
	root := tensortest.Path(t, "jsonschema", "suite")
	groups = map[string][]suiteGroup{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, _ := filepath.Rel(root, path)
		var gs []suiteGroup
		readJSON(t, path, &gs)
		names = append(names, filepath.ToSlash(rel))
		groups[filepath.ToSlash(rel)] = gs
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names, groups
}

// TestSuite runs the JSON Schema test suite twice. With Exact, every schema compiles or is refused by name, and the
// instances of those that compile are accepted or rejected as recorded. Without, the language is smaller: no
// instance that is recorded as invalid may be accepted.
func TestSuite(t *testing.T) {
	docs := suiteDocuments(t)
	names, groups := suiteFiles(t)
	schemas, compiled, instances, covered := 0, 0, 0, 0
	narrow, valid := 0, 0
	refused := map[string]int{}
	for _, name := range names {
		for _, group := range groups[name] {
			schemas++
			instances += len(group.Tests)
			opt := Options{Exact: true, FormatAnnotation: !strings.HasPrefix(name, "format/"), Documents: docs}
			g, err := FromJSONSchema(group.Schema, opt)
			var un *UnsupportedError
			switch {
			case errors.As(err, &un):
				refused[un.Keyword]++
				t.Logf("%s: %s: %v (%d instances)", name, group.Description, err, len(group.Tests))
				continue
			case err != nil && !errors.Is(err, ErrEmpty):
				t.Errorf("%s: %s: %v", name, group.Description, err)
				continue
			}
			compiled++
			covered += len(group.Tests)
			opt.Exact = false
			small, smallErr := FromJSONSchema(group.Schema, opt)
			if smallErr != nil && !errors.Is(smallErr, ErrEmpty) {
				t.Errorf("%s: %s: without Exact: %v", name, group.Description, smallErr)
			}
			for _, c := range group.Tests {
				text := compact(t, c.Data)
				if got := err == nil && g.Match(text); got != c.Valid {
					t.Errorf("%s: %s: %s: %s: accepted %v, want %v", name, group.Description, c.Description, text, got, c.Valid)
				}
				got := smallErr == nil && small.Match(text)
				if got && !c.Valid {
					t.Errorf("%s: %s: %s: %s: accepted without Exact", name, group.Description, c.Description, text)
				}
				if c.Valid {
					valid++
					if got {
						narrow++
					}
				}
			}
		}
	}
	t.Logf("%d schemas, %d compiled; %d instances, %d covered (%.1f %%); refused: %v", schemas, compiled, instances, covered,
		100*float64(covered)/float64(instances), refused)
	t.Logf("without Exact %d of %d valid instances are written", narrow, valid)
	if 10*covered < 9*instances {
		t.Errorf("only %d of %d instances covered", covered, instances)
	}
}

// TestValidatorOnSuite runs the validator alone. It serves as the judge of random outputs, so it must itself agree with
// the recorded verdicts.
func TestValidatorOnSuite(t *testing.T) {
	docs := suiteDocuments(t)
	names, groups := suiteFiles(t)
	checked := 0
	for _, name := range names {
		for _, group := range groups[name] {
			opt := Options{Exact: true, FormatAnnotation: !strings.HasPrefix(name, "format/"), Documents: docs}
			v, err := schema.NewValidator(group.Schema, opt.internal())
			if err != nil {
				t.Fatalf("%s: %s: %v", name, group.Description, err)
			}
			if strings.HasPrefix(name, "format/") || strings.HasPrefix(name, "vocabulary") {
				opt.Validate = false
				if _, err := FromJSONSchema(group.Schema, opt); err != nil {
					continue // formats and dialects that are not known to the validator either
				}
			}
			for _, c := range group.Tests {
				err := v.Validate(c.Data)
				var broken *Violation
				if err != nil && !errors.As(err, &broken) {
					t.Logf("%s: %s: %v", name, group.Description, err)
					break
				}
				checked++
				if (err == nil) != c.Valid {
					t.Errorf("%s: %s: %s: %v, want valid %v", name, group.Description, c.Description, err, c.Valid)
				}
			}
		}
	}
	t.Logf("%d instances checked", checked)
	if checked < 1800 {
		t.Errorf("only %d instances checked", checked)
	}
}

func compact(t testing.TB, raw []byte) string {
	var b bytes.Buffer
	if err := json.Compact(&b, raw); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
