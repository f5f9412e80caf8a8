package testmodel_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/seed64708441/ember/backend"
	"github.com/seed64708441/ember/model"
	"github.com/seed64708441/ember/model/testmodel"
)

// TestWiredSession asks the wired model as users do, through a session on the CPU, with keys and values stored in every
// type. The story is short because the test runs without assembly too.
func TestWiredSession(t *testing.T) {
	const facts = 25
	w, err := testmodel.Wired(testmodel.WiredConfig{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := w.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	var story strings.Builder
	for k := range facts {
		story.WriteString(w.Fact(k, k*7%len(w.Values)))
		if k%2 == 0 {
			story.WriteString(" the market was old and the street was not quiet.")
		}
	}
	for _, cache := range []backend.CacheType{backend.CacheF16, backend.CacheF32, backend.CacheQ8_0, backend.CacheQ4_0} {
		t.Run(fmt.Sprint(cache), func(t *testing.T) {
			m, err := model.OpenReader(t.Context(), bytes.NewReader(b), int64(len(b)), model.Config{Cache: cache})
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			s, err := m.NewSession(model.SessionConfig{})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			right := 0
			for k := range facts {
				text, last, err := s.Complete(t.Context(), model.Request{Prompt: story.String() + " " + w.Keys[k], MaxTokens: 5})
				if err != nil {
					t.Fatal(err)
				}
				if n := last.Usage.Prefilled + last.Usage.Reused; k == 0 && (n < 150 || n > 500) {
					t.Errorf("the text has %d tokens", n)
				}
				if want := " " + w.Values[k*7%len(w.Values)] + "."; text == want {
					right++
				} else if right == k { // the first one that is wrong
					t.Errorf("%s goes on %q: want %q", w.Keys[k], text, want)
				}
			}
			if right != facts {
				t.Errorf("%d of %d are right", right, facts)
			}
		})
	}
}
