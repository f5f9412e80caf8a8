package chat

import (
	"github.com/seed64708441/ember/tokenize/chat/jinja"
)

// Content is what a message says: text, or parts in order. The zero Content is none: the message has no key "content".
type Content struct {
	kind  contentKind
	text  string
	parts []Part
}

type contentKind uint8

const (
	contentNone contentKind = iota
	contentNull
	contentText
	contentParts
)

// Text returns content that is one text.
func Text(s string) Content { return Content{kind: contentText, text: s} }

// Parts returns content made of parts. Templates see a list of dicts.
func Parts(parts ...Part) Content { return Content{kind: contentParts, parts: parts} }

// Null returns content that is there and null, as some interfaces write it beside tool calls.
func Null() Content { return Content{kind: contentNull} }

// Text returns the text, or that of all text parts one after the other.
func (c Content) Text() string {
	s := c.text
	for _, p := range c.parts {
		s += p.Text()
	}
	return s
}

// Parts returns the parts; text is one part. The result must not be changed.
func (c Content) Parts() []Part {
	if c.kind == contentText {
		return []Part{TextPart(c.text)}
	}
	return c.parts
}

// Value returns the content as templates see it, or nil where there is none.
func (c Content) Value() Value {
	switch c.kind {
	case contentNull:
		return jinja.None{}
	case contentText:
		return jinja.String(c.text)
	case contentParts:
		items := make([]Value, len(c.parts))
		for i, p := range c.parts {
			items[i] = p.Value()
		}
		return jinja.NewList(items...)
	}
	return nil
}

// contentOf returns the content for a decoded value, if it can hold it.
func contentOf(v Value) (Content, bool) {
	switch v := v.(type) {
	case jinja.None:
		return Null(), true
	case jinja.String:
		return Text(string(v)), true
	case *jinja.List:
		parts := make([]Part, v.Len())
		for i := range parts {
			parts[i] = Part{v.At(i)}
		}
		return Parts(parts...), true
	}
	return Content{}, false
}

// Part is a piece of a message: text, or a place where an image, sound or video belongs. The zero Part is an empty text.
type Part struct{ v Value }

// TextPart returns {"type": "text", "text": s}.
func TextPart(s string) Part {
	p := typed("text")
	p.v.(*jinja.Dict).Set("text", jinja.String(s))
	return p
}

// ImagePart returns {"type": "image"}. The template writes the model's mark for an image in its place.
func ImagePart() Part { return typed("image") }

// AudioPart returns {"type": "audio"}.
func AudioPart() Part { return typed("audio") }

// VideoPart returns {"type": "video"}.
func VideoPart() Part { return typed("video") }

// PartOf returns a part of any form, commonly a dict with the key "type". A nil v is an empty text.
func PartOf(v Value) Part { return Part{v} }

func typed(kind string) Part {
	d := jinja.NewDict()
	d.Set("type", jinja.String(kind))
	return Part{d}
}

// Value returns the part as templates see it.
func (p Part) Value() Value {
	if p.v == nil {
		return TextPart("").v
	}
	return p.v
}

// Type returns the value of the key "type", "text" for a plain string, and "" where there is none.
func (p Part) Type() string {
	if _, ok := p.Value().(jinja.String); ok {
		return "text"
	}
	return p.key("type")
}

// Text returns the value of the key "text", or the string itself.
func (p Part) Text() string {
	if s, ok := p.Value().(jinja.String); ok {
		return string(s)
	}
	return p.key("text")
}

func (p Part) key(name string) string {
	if d, ok := p.Value().(*jinja.Dict); ok {
		if v, ok := d.Get(name); ok {
			s, _ := v.(jinja.String)
			return string(s)
		}
	}
	return ""
}
