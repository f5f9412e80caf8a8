package reply

import (
	"bytes"
	"strings"
)

// maxHeader bounds the header of a message.
const maxHeader = 1024

const (
	harmonyStart   = "<|start|>"
	harmonyMessage = "<|message|>"
	harmonyChannel = "<|channel|>"
)

// harmonyMarks are what ends the body of a message.
func (p *Parser) harmonyMarks() {
	end := func(p *Parser, _ string) { p.thinking = false }
	header := func(p *Parser, text string) {
		p.thinking = false
		p.header = append(p.header[:0], text...)
		p.mode = (*Parser).harmonyHeader
	}
	p.marks = []mark{
		{"<|end|>", end, ""}, {"<|return|>", end, ""}, {"<|call|>", end, ""},
		{harmonyStart, header, ""}, {harmonyChannel, header, harmonyChannel},
	}
}

// harmonyBegin looks where in a message the prompt ends.
func (p *Parser) harmonyBegin(prompt string) {
	p.mode = (*Parser).harmonyHeader
	i := strings.LastIndex(prompt, harmonyStart)
	if i < 0 {
		return
	}
	header, body, open := strings.Cut(prompt[i+len(harmonyStart):], harmonyMessage)
	p.header = append(p.header, header[max(0, len(header)-maxHeader):]...)
	if open && strings.Trim(body, space) == "" {
		p.harmonyOpen()
	} else if open {
		p.mode = (*Parser).harmonyBody
	}
}

// harmonyHeader reads up to the body of a message.
func (p *Parser) harmonyHeader(final bool) bool {
	marks := []mark{{lit: harmonyMessage}, {lit: harmonyStart}}
	n, hit := p.find(marks, final)
	p.header = append(p.header, p.buf[:n]...)
	p.use(n)
	if hit >= 0 {
		p.use(len(marks[hit].lit))
		if hit == 0 {
			p.harmonyOpen()
		} else {
			p.header = p.header[:0]
		}
		return true
	}
	if len(p.header) > maxHeader || final { // no header: the model does not follow the syntax
		rest := bytes.TrimPrefix(p.header, []byte(harmonyChannel)) // without it, or this would be a header again
		p.buf = append(bytes.Clone(rest), p.buf...)
		p.header = p.header[:0]
		p.mode = (*Parser).harmonyBody
		return true
	}
	return false
}

// harmonyOpen begins the body of a message.
func (p *Parser) harmonyOpen() {
	header := string(p.header)
	p.header = p.header[:0]
	p.flushSpace(false)
	p.trim = true
	p.mode = (*Parser).harmonyBody
	_, to, hasRecipient := strings.Cut(header, " to=")
	_, channel, _ := strings.Cut(header, harmonyChannel)
	if hasRecipient {
		if i := strings.IndexAny(to, space+"<"); i >= 0 {
			to = to[:i]
		}
		p.enterCalls("args")
		p.setName(strings.TrimPrefix(to, "functions."))
		return
	}
	p.thinking = strings.HasPrefix(channel, "analysis")
}

// harmonyBody reads text or reasoning.
func (p *Parser) harmonyBody(final bool) bool {
	kind := Text
	if p.thinking {
		kind = Reasoning
	}
	n, hit := p.find(p.marks, final)
	p.say(kind, n)
	if hit < 0 {
		return false
	}
	p.use(len(p.marks[hit].lit))
	p.flushSpace(false)
	p.trim = true
	p.marks[hit].do(p, p.marks[hit].next)
	return true
}
