package grammar

import (
	"errors"
	"testing"
)

// TestHoles checks grammars whose rules are partly JSON Schemas.
func TestHoles(t *testing.T) {
	schemas := map[string][]byte{
		"point": []byte(`{"type":"object","properties":{"x":{"type":"integer","minimum":1,"maximum":20}},"required":["x"],"additionalProperties":false}`),
		"list":  []byte(`{"type":"array","items":{"enum":["a","b"]},"minItems":1}`),
	}
	g, err := FromGBNFWith(`root ::= "call " (point | list) ("; " list)* "."`, schemas, Options{Compact: true})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]bool{
		`call {"x":7}.`:                    true,
		`call ["a"].`:                      true,
		`call {"x":20}; ["b","a"]; ["a"].`: true,
		`call {"x":21}.`:                   false,
		`call {}.`:                         false,
		`call [].`:                         false,
		`call {"x":7}; {"x":7}.`:           false,
		`call {"x":7}`:                     false,
		`call `:                            false,
	} {
		if got := g.Match(text); got != want {
			t.Errorf("%q: accepted %v, want %v", text, got, want)
		}
	}
	for _, bad := range []string{`root ::= other`, `root ::= point` + "\n" + `point ::= "x"`, `r ::= point`} {
		if _, err := FromGBNFWith(bad, schemas, Options{}); err == nil {
			t.Errorf("%q is not refused", bad)
		}
	}
	if _, err := FromGBNFWith(`root ::= "a" | "b" "c" s`, map[string][]byte{"s": []byte(`{"enum":[]}`)}, Options{}); !errors.Is(err, ErrEmpty) {
		t.Errorf("a schema that admits nothing: %v", err)
	}
	var u *UnsupportedError
	_, err = FromGBNFWith(`root ::= s`, map[string][]byte{"s": []byte(`{"type":"string","format":"no such format","pattern":"(?=x)"}`)}, Options{Validate: true})
	if !errors.As(err, &u) {
		t.Errorf("a keyword that cannot be enforced: %v", err)
	}
}
