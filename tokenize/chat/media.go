package chat

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/seed64708441/ember/tokenize/chat/jinja"
)

// ErrNoMedia is wrapped where a template has no place for a part of some type.
var ErrNoMedia = errors.New("the template writes nothing for it")

// MediaMark returns the text that the template writes in the place of a part of the type "image", "audio" or "video": the
// model's own placeholder, such as <|vision_start|><|image_pad|><|vision_end|>, without white space around it. The template
// is asked by rendering messages with and without such parts.
//
// The error wraps ErrNoMedia for a template that drops the part, and is that of Render for one that refuses it. A template
// that does not write every part in the same way, such as one that numbers them, is an error too.
func (t *Template) MediaMark(ctx context.Context, kind string) (string, error) {
	const before, after = "Text before.", "Text after."
	render := func(n int) (string, error) {
		parts := []Part{TextPart(before)}
		for range n {
			parts = append(parts, typed(kind))
		}
		return t.Render(ctx, Input{Messages: []Message{UserParts(append(parts, TextPart(after))...)}, AddGenerationPrompt: true})
	}
	var texts [3]string
	for n := range texts {
		var err error
		if texts[n], err = render(n); err != nil {
			return "", fmt.Errorf("chat: part of type %q: %w", kind, err)
		}
	}
	if strings.Contains(texts[1], "'"+kind+"'") || strings.Contains(texts[1], `"`+kind+`"`) { // the parts printed as data
		return "", fmt.Errorf("chat: part of type %q: %w", kind, ErrNoMedia)
	}
	// With the first part a template may also write the texts in another way, so the second one is looked at too.
	err := fmt.Errorf("chat: part of type %q: %w", kind, ErrNoMedia)
	for _, mark := range append(inserted(texts[0], texts[1]), inserted(texts[1], texts[2])...) {
		none := strings.Count(texts[0], mark)
		switch {
		case mark == "":
		case strings.Count(texts[1], mark) == none+1 && strings.Count(texts[2], mark) == none+2:
			return mark, nil
		default:
			err = fmt.Errorf("chat: part of type %q: the template does not write every one as %q", kind, mark)
		}
	}
	return "", err
}

// inserted returns what the longer text has more, without white space around it, if it is in one piece. There are several
// ways to see it if the text before it ends like the piece; those that begin like a mark come first.
func inserted(short, long string) []string {
	n, at := len(long)-len(short), 0
	if n <= 0 {
		return nil
	}
	for at < len(short) && short[at] == long[at] {
		at++
	}
	if short[at:] != long[at+n:] {
		return nil
	}
	var marks, others []string
	for i := at; i >= 0; i-- {
		if i < at && (at-i >= n || long[i] != long[i+n]) {
			break
		}
		if piece := strings.TrimSpace(long[i : i+n]); strings.HasPrefix(piece, "<") || strings.HasPrefix(piece, "[") {
			marks = append(marks, piece)
		} else {
			others = append(others, piece)
		}
	}
	return append(marks, others...)
}

// MediaParts returns how many parts of the type the messages of the input have: as many as its rendering has marks, unless
// the text of somebody has the mark too.
func (in *Input) MediaParts(kind string) int {
	n := 0
	for _, m := range in.Messages {
		for _, p := range m.Content.Parts() {
			if _, isDict := p.Value().(*jinja.Dict); isDict && p.Type() == kind {
				n++
			}
		}
	}
	return n
}
