package model

import (
	"strings"
	"testing"

	"github.com/seed64708441/ember/tokenize/chat"
	"github.com/seed64708441/ember/tokenize/chat/tool"
)

const callText = "<tool_call>\n{\"name\": \"f\", \"arguments\": {}}\n</tool_call>"

// TestStopBesideParts checks stop texts around other parts of an answer, and one that shows only at the end.
func TestStopBesideParts(t *testing.T) {
	m := openTemplate(t, thinkTemplate, "<think>", "</think>", "<|im_end|>")
	for _, c := range []struct{ text, want string }{
		{"one ST" + callText + "OP two", "one ST|call start|call|OP two"},
		{"one </th", "one |stop"},
		{"one STOP two", "one |stop"},
	} {
		r := &Request{Messages: []chat.Message{chat.User("x")}, Stop: []string{"STOP", "</th"}, Tools: []tool.Def{{Name: "f"}}}
		var a answer
		if err := a.init(m, r, m.replyFormat(r), ""); err != nil {
			t.Fatal(err)
		}
		stop := a.write(c.text)
		if stop < 0 {
			stop = a.end()
		}
		got := ""
		for _, ev := range a.events {
			switch ev.Kind {
			case EventText:
				got += ev.Text
			case EventCallStart, EventCall:
				got += "|" + ev.Kind.String()
			}
		}
		got = strings.Replace(got, "callOP", "call|OP", 1)
		if stop >= 0 {
			got += "|stop"
		}
		if got != c.want {
			t.Errorf("%q gives %q, want %q", c.text, got, c.want)
		}
	}
}
