package reply

import (
	"regexp"
	"strings"
	"testing"
)

// asRegexp rewrites a GBNF expression of literals, classes and operators.
func asRegexp(t *testing.T, expr string) *regexp.Regexp {
	t.Helper()
	var out strings.Builder
	out.WriteString("^(?:")
	for i := 0; i < len(expr); i++ {
		switch c := expr[i]; c {
		case ' ':
		case '"':
			end := strings.IndexByte(expr[i+1:], '"')
			out.WriteString("(?:" + regexp.QuoteMeta(expr[i+1:i+1+end]) + ")")
			i += end + 1
		case '[':
			end := strings.IndexByte(expr[i:], ']')
			out.WriteString(expr[i : i+end+1])
			i += end
		default:
			out.WriteByte(c)
		}
	}
	re, err := regexp.Compile(out.String() + ")$")
	if err != nil {
		t.Fatal(err)
	}
	return re
}

// TestAvoid compares the expressions for texts without a literal with all short texts.
func TestAvoid(t *testing.T) {
	for _, lit := range []string{"ab", "abc", "abb", "abcb", "<b>"} {
		re := asRegexp(t, avoid([]rune(lit)))
		letters := append(strings.Split(lit, ""), "z")
		var walk func(text string, left int)
		walk = func(text string, left int) {
			if got, want := re.MatchString(text), !strings.Contains(text, lit); got != want {
				t.Fatalf("without %q: %q is derived: %v", lit, text, got)
			}
			for _, c := range letters {
				if left > 0 {
					walk(text+c, left-1)
				}
			}
		}
		walk("", 7)
	}
}

// TestHarmonyBody checks what texts of gpt-oss may hold.
func TestHarmonyBody(t *testing.T) {
	_, body, _ := strings.Cut(harmonyRules, "body ::= ")
	re := asRegexp(t, strings.TrimSpace(body))
	for text, want := range map[string]bool{
		"": true, "a <b> | <| c <|> <<|<|1": true, "<|end|>": false, "a<|x": false, "<<|end|>": false, "<|<|end|>": false, "a || b": true,
	} {
		if got := re.MatchString(text); got != want {
			t.Errorf("%q is derived: %v, want %v", text, got, want)
		}
	}
}
