package model

import (
	"errors"
	"strings"
	"testing"

	"github.com/seed64708441/ember/tokenize/chat"
)

// TestBrokenTemplate opens models whose chat template is no text, or not one that can be read: only chats fail, and say why.
func TestBrokenTemplate(t *testing.T) {
	for _, c := range []struct {
		template any
		want     string
	}{{uint32(7), "tokenizer.chat_template"}, {[]string{"a", "b"}, "tokenizer.chat_template"}, {"{% for %}", "chat: template"}} {
		m := openTemplate(t, c.template)
		s, err := m.NewSession(SessionConfig{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if _, _, err := s.Complete(t.Context(), Request{Prompt: "x", MaxTokens: 2}); err != nil {
			t.Errorf("%v: a prompt: %v", c.template, err)
		}
		chatting := Request{Messages: []chat.Message{chat.User("x")}, MaxTokens: 2}
		_, _, err = s.Complete(t.Context(), chatting)
		_, err2 := m.CountTokens(t.Context(), chatting)
		if err == nil || err2 == nil || !strings.Contains(err.Error(), c.want) || errors.Is(err, ErrNoChatTemplate) {
			t.Errorf("%v: %v and %v, want errors about %s", c.template, err, err2, c.want)
		}
		if _, _, err := s.Complete(t.Context(), Request{Prompt: "x", MaxTokens: 2}); err != nil {
			t.Errorf("%v: a prompt afterwards: %v", c.template, err)
		}
	}
}
