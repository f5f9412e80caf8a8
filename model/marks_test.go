package model

import (
	"encoding/json"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/seed64708441/ember/tokenize/chat"
	"github.com/seed64708441/ember/tokenize/chat/reply"
	"github.com/seed64708441/ember/tokenize/chat/tool"
)

// TestMarksSplit checks that marks are found wherever a text is cut into tokens, and none that the whole text has not.
func TestMarksSplit(t *testing.T) {
	think := reply.Markers{Open: "<think>", Close: "</think>"}
	parts := []string{"<think>", "</think>", "<tool_call>", `{"name": "`, `[{"name": "`, "<", "</th", "a", " ", "\n", "<tool", "é"}
	rng := rand.New(rand.NewPCG(3, 4))
	hits, starts := 0, 0
	for range 20000 {
		text := ""
		for range 1 + rng.IntN(8) {
			text += parts[rng.IntN(len(parts))]
		}
		triggers := []reply.Trigger{{Text: "<tool_call>"}, {Text: parts[3], Start: true}, {Text: parts[4], Start: true}}[:rng.IntN(4)]
		thinking := rng.IntN(2) == 0 || len(triggers) == 0
		whole := newMarks(think, triggers, thinking)
		begin, rest, hit := whole.read(text)

		cut := newMarks(think, triggers, thinking)
		read := 0
		var begin2, rest2 string
		var hit2 bool
		for read < len(text) && !hit2 {
			n := min(1+rng.IntN(9), len(text)-read)
			begin2, rest2, hit2 = cut.read(text[read : read+n])
			read += n
			if len(cut.tail) >= cut.longest {
				t.Fatalf("%d bytes kept, the longest mark has %d", len(cut.tail), cut.longest)
			}
		}
		if begin2 != begin || hit2 != hit || hit && read-len(rest2) != len(text)-len(rest) || cut.thinking != whole.thinking {
			t.Fatalf("%q: whole: %q %q %v, in pieces: %q %q %v", text, begin, rest, hit, begin2, rest2, hit2)
		}
		if hit {
			hits++
			if strings.HasPrefix(begin, "{") || strings.HasPrefix(begin, "[") {
				starts++
				before := strings.TrimSuffix(text[:len(text)-len(rest)], begin)
				if _, after, ok := strings.Cut(before, "</think>"); ok {
					before = after
				}
				if strings.TrimSpace(before[strings.LastIndex(before, ">")+1:]) != "" {
					t.Fatalf("%q begins the grammar after text", text)
				}
			}
		}
	}
	if hits < 1000 || starts < 100 {
		t.Errorf("%d marks found, %d at the beginning", hits, starts)
	}
}

// TestMarksCost checks that a token in free text costs its own length, however long the text is.
func TestMarksCost(t *testing.T) {
	w := newMarks(reply.Markers{Open: "<think>", Close: "</think>"}, []reply.Trigger{{Text: "<tool_call>"}}, false)
	w.read(strings.Repeat("text ", 1<<12))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	const n = 1000
	for range n {
		w.read("word ")
	}
	runtime.ReadMemStats(&after)
	if perToken := (after.TotalAlloc - before.TotalAlloc) / n; perToken > 200 {
		t.Errorf("%d bytes a token", perToken)
	}
}

// TestTokenOfTwoMarks gives tokens that hold the end of reasoning and the beginning of a call.
func TestTokenOfTwoMarks(t *testing.T) {
	const one, two, three = "hm</think>\n<tool_call>\n{", "</think> no <tool_call>x", "<think>a</think><tool_call>"
	m := openTemplate(t, thinkTemplate, "<think>", "</think>", "<|im_end|>", one, two, three)
	def := tool.Def{Name: "f", Parameters: json.RawMessage(`{"type":"object","properties":{},"additionalProperties":false}`)}
	r := &Request{Messages: []chat.Message{chat.User("x")}, Tools: []tool.Def{def}}
	for _, c := range []struct {
		text     string
		thinking bool
		fits     bool
	}{{one, true, true}, {two, true, false}, {three, false, true}} {
		k, err := m.newConstraint(r, m.replyFormat(r), "", c.thinking)
		if err != nil {
			t.Fatal(err)
		}
		id := m.tok.ID(c.text)
		if k.fits(id) != c.fits {
			t.Errorf("%q fits: %v, want %v", c.text, !c.fits, c.fits)
		}
		if !c.fits {
			continue
		}
		if err := k.accept(id); err != nil || k.phase != phaseHeld {
			t.Errorf("%q: phase %d, error %v, want the grammar", c.text, k.phase, err)
		}
	}
}
