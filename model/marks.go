package model

import (
	"strings"

	"github.com/seed64708441/ember/tokenize/chat/reply"
)

// marks looks for marks in what is not held to a grammar: reasoning, which its closing mark ends, and a free answer, which
// a trigger of the grammar ends or an opening mark interrupts. It keeps only what may be the beginning of a mark, so that
// a token costs its own length. It is a value: a copy goes its own way.
type marks struct {
	think    reply.Markers   // around reasoning; empty where there is none
	triggers []reply.Trigger // none: the grammar follows reasoning
	longest  int             // bytes of the longest mark

	thinking bool
	blank    bool   // the answer has nothing but white space before tail
	tail     string // end of what was read, shorter than a mark
}

func newMarks(think reply.Markers, triggers []reply.Trigger, thinking bool) marks {
	w := marks{think: think, triggers: triggers, thinking: thinking, blank: true, longest: max(len(think.Open), len(think.Close))}
	for _, t := range triggers {
		w.longest = max(w.longest, len(t.Text))
	}
	return w
}

// read takes a text. hit says that the grammar begins in it: with begin, which it derives of a trigger, and with rest, which
// follows the mark.
func (w *marks) read(piece string) (begin, rest string, hit bool) {
	text, seen := w.tail+piece, len(w.tail)
	for {
		end, trigger := w.first(text, seen)
		if end < 0 {
			break
		}
		text, seen = text[end:], 0
		switch {
		case trigger != "":
			return trigger, text, true
		case w.thinking && len(w.triggers) == 0:
			w.thinking, w.tail = false, ""
			return "", text, true
		}
		w.thinking, w.blank = !w.thinking, true
	}
	cut := max(0, len(text)-w.longest+1)
	w.blank = w.blank && strings.TrimSpace(text[:cut]) == ""
	w.tail = text[cut:]
	return "", "", false
}

// first returns where the first mark ends that does so after seen bytes, and its text if it is a trigger; or -1. Of marks that
// begin together the longest counts.
func (w *marks) first(text string, seen int) (end int, trigger string) {
	begin, end := len(text), -1
	find := func(lit string, start bool) bool {
		if lit == "" {
			return false
		}
		from := max(0, seen-len(lit)+1)
		i := strings.Index(text[from:], lit)
		if i < 0 {
			return false
		}
		if i += from; i > begin || i == begin && i+len(lit) <= end || start && !(w.blank && strings.TrimSpace(text[:i]) == "") {
			return false
		}
		begin, end = i, i+len(lit)
		return true
	}
	if w.thinking {
		find(w.think.Close, false)
		return end, ""
	}
	find(w.think.Open, false)
	for _, t := range w.triggers {
		if find(t.Text, t.Start) {
			trigger = t.Text
		}
	}
	return end, trigger
}
