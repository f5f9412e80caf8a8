package reply

import (
	"strings"
	"testing"
)

// BenchmarkPush reads a reply in pieces as long as tokens.
func BenchmarkPush(b *testing.B) {
	text := "<think>\n" + strings.Repeat("I have to look, and < or > is no mark. ", 20) + "\n</think>\n\n" +
		strings.Repeat("An answer of some length [with brackets].\n", 20) +
		`<tool_call>{"name": "get_weather", "arguments": {"city": "` + strings.Repeat("Bern ", 40) + `"}}</tool_call>`
	for _, s := range []Syntax{Hermes, Kimi, JSON} {
		b.Run("syntax="+s.String(), func(b *testing.B) {
			f := Format{Calls: s, Think: Markers{"<think>", "</think>"}}
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				p, err := f.Parser(Options{})
				if err != nil {
					b.Fatal(err)
				}
				for s := text; s != ""; s = s[min(4, len(s)):] {
					p.Push(s[:min(4, len(s))])
				}
				p.Close()
			}
		})
	}
}
