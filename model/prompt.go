package model

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/seed64708441/ember/tokenize"
	"github.com/seed64708441/ember/tokenize/chat"
	"github.com/seed64708441/ember/tokenize/chat/jinja"
	"github.com/seed64708441/ember/tokenize/chat/reply"
	"github.com/seed64708441/ember/tokenize/chat/tool"
)

// template renders conversations. One that is no text or cannot be parsed is an error only for who uses it.
type template struct {
	t        *chat.Template
	err      error
	bos, eos string
	format   reply.Format // how the model marks reasoning and calls
}

// keyChatTemplate is where GGUF files have the template.
const keyChatTemplate = "tokenizer.chat_template"

// newTemplate returns nil where the file has no template.
func newTemplate(meta interface {
	Keys() []string
	String(key string) (string, error)
}, tok *tokenize.Tokenizer) *template {
	if !slices.Contains(meta.Keys(), keyChatTemplate) {
		return nil
	}
	t := &template{bos: tok.Token(tok.BOS()), eos: tok.Token(tok.EOS())}
	source, err := meta.String(keyChatTemplate)
	if err != nil {
		t.err = fmt.Errorf("model: chat template: %w", err)
		return t
	}
	t.t, t.err = chat.Parse(source, chat.Options{})
	t.format = reply.Detect(source)
	return t
}

// encode returns the token ids of what a request wants completed; with Append, of what it adds. The text is that of
// Messages.
func (m *Model) encode(ctx context.Context, r *Request) (ids []int32, text string, err error) {
	if err := r.Validate(); err != nil {
		return nil, "", err
	}
	switch {
	case len(r.Messages) > 0:
		if text, err = m.render(ctx, r); err != nil {
			return nil, "", err
		}
		ids, err = m.tok.Encode(nil, text, tokenize.EncodeOptions{ParseSpecial: true})
		return ids, text, err
	case len(r.Tokens) > 0:
		for i, id := range r.Tokens {
			if id < 0 || int(id) >= m.arch.Config.Vocab {
				return nil, "", fmt.Errorf("model: Request.Tokens[%d] is %d, want 0 to %d", i, id, m.arch.Config.Vocab-1)
			}
		}
		return r.Tokens, "", nil
	}
	ids, err = m.tok.Encode(nil, r.Prompt, tokenize.EncodeOptions{AddSpecial: !r.Append, ParseSpecial: r.ParseSpecial})
	return ids, "", err
}

// render writes the conversation of a request with the template of the file.
func (m *Model) render(ctx context.Context, r *Request) (string, error) {
	t := m.template
	if t == nil {
		return "", ErrNoChatTemplate
	}
	if t.err != nil {
		return "", t.err
	}
	tools := r.Template.Tools
	if len(r.Tools) > 0 {
		var err error
		if tools, err = tool.Values(r.Tools); err != nil {
			return "", err
		}
	}
	text, err := t.t.Render(ctx, chat.Input{
		Messages: t.messages(r.Messages), Tools: tools, Documents: r.Template.Documents, AddGenerationPrompt: true,
		BOS: t.bos, EOS: t.eos, Now: r.Template.Now, Extra: r.Template.Extra,
	})
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return text, err
}

// messages returns the messages as the template wants them. That of gpt-oss calls reasoning by another name, shows it beside
// calls only, and refuses it beside text.
func (t *template) messages(all []chat.Message) []chat.Message {
	const name = "thinking"
	if t.format.Calls != reply.Harmony {
		return all
	}
	out := slices.Clone(all)
	for i := range out {
		m := &out[i]
		given := slices.ContainsFunc(m.Extra, func(f chat.Field) bool { return f.Name == name })
		if m.Reasoning != "" && len(m.ToolCalls) > 0 && m.Content.Text() == "" && !given {
			m.Extra = append(slices.Clone(m.Extra), chat.Field{Name: name, Value: jinja.String(m.Reasoning)})
		}
	}
	return out
}

// CountTokens returns how many tokens the prompt of a request has: what Usage would say as Reused and Prefilled together.
// With Append it is what the request adds to the history.
func (m *Model) CountTokens(ctx context.Context, r Request) (int, error) {
	ids, _, err := m.encode(ctx, &r)
	return len(ids), err
}

// prompt makes the text of a request the history of the session. It returns how many tokens need not be computed, and the
// text of Messages.
func (s *Session) prompt(ctx context.Context, r *Request) (reused int, text string, err error) {
	ids, text, err := s.m.encode(ctx, r)
	if err != nil {
		return 0, "", err
	}
	if r.Append {
		ids = slices.Concat(s.tokens, ids)
	}
	if len(ids) == 0 {
		return 0, "", errors.New("model: the prompt has no token, and the model has none that begins a text")
	}
	if n := len(ids) + 1; n > s.context {
		return 0, "", &ContextFullError{Needed: n, Available: s.context}
	}
	reused, err = s.adopt(ids)
	return reused, text, err
}
