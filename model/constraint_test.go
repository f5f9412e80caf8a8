package model

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed64708441/ember/model/gguf"
	"github.com/seed64708441/ember/model/grammar"
	"github.com/seed64708441/ember/model/testmodel"
	"github.com/seed64708441/ember/tensor/tensortest"
	"github.com/seed64708441/ember/tokenize"
	"github.com/seed64708441/ember/tokenize/chat"
	"github.com/seed64708441/ember/tokenize/chat/reply"
	"github.com/seed64708441/ember/tokenize/chat/tool"
)

// openTemplate opens a tiny model with random weights and the given chat template. The texts of marks are tokens, as in
// the vocabularies of models that use them.
func openTemplate(t testing.TB, template any, marks ...string) *Model {
	t.Helper()
	w, err := testmodel.Shape(testmodel.ShapeConfig{Arch: "qwen2", Layers: 1, Width: 64, Heads: 1, KVHeads: 1, HeadSize: 64, FFN: 64, Vocab: 400, Seed: 2})
	if err != nil {
		t.Fatal(err)
	}
	b, err := w.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	f, err := gguf.NewFile(bytes.NewReader(b), int64(len(b)), gguf.Options{})
	if err != nil {
		t.Fatal(err)
	}
	kv := []gguf.KV{{Key: "tokenizer.chat_template", Value: template}}
	for _, key := range f.Meta().Keys() {
		v, _ := f.Meta().Lookup(key)
		x := v.Any()
		switch key {
		case "tokenizer.ggml.tokens":
			tokens := append([]string(nil), x.([]string)...)
			for i, m := range marks {
				tokens[len(tokens)-1-i] = m
			}
			x = tokens
		case "tokenizer.ggml.token_type":
			types := append([]int32(nil), x.([]int32)...)
			for i := range marks {
				types[len(types)-1-i] = 3 // control
			}
			x = types
		}
		kv = append(kv, gguf.KV{Key: key, Value: x})
	}
	var data []gguf.TensorData
	for _, x := range f.Tensors() {
		data = append(data, gguf.TensorData{Name: x.Name, DType: x.DType, Shape: x.Shape, Write: func(w io.Writer) error {
			b, err := f.Section(x, 0, x.Bytes, nil)
			if err == nil {
				_, err = w.Write(b)
			}
			return err
		}})
	}
	var out bytes.Buffer
	if err := gguf.Write(&out, kv, data); err != nil {
		t.Fatal(err)
	}
	m, err := OpenReader(t.Context(), bytes.NewReader(out.Bytes()), int64(out.Len()), Config{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return m
}

const thinkTemplate = `{% for m in messages %}<|im_start|>{{ m.role }}
{{ m.content }}<|im_end|>
{% endfor %}<|im_start|>assistant
<think>
{# the answer follows </think> and calls are <tool_call>{"name": ..., "arguments": ...}</tool_call> #}{% if tools %}<tools>{{ tools | tojson }}</tools> {"name": <function-name>, "arguments": <args-json-object>} <tool_call></tool_call>{% endif %}`

type invoice struct {
	Number int      `json:"number" jsonschema:"minimum=1,maximum=999"`
	Paid   bool     `json:"paid"`
	Items  []string `json:"items" jsonschema:"minItems=1,maxItems=3"`
	Kind   string   `json:"kind" jsonschema:"enum=net,enum=gross"`
}

// TestGenerateAs lets a model with random weights fill a struct: reasoning first, cut off by its budget, then the value.
func TestGenerateAs(t *testing.T) {
	m := openTemplate(t, thinkTemplate, "<think>", "</think>", "<|im_end|>")
	s, err := m.NewSession(SessionConfig{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	hot := 1.0
	for seed := range uint64(20) {
		r := Request{Messages: []chat.Message{chat.User("x")}, Temperature: &hot, Seed: seed + 1, ThinkTokens: 10, MaxTokens: 4000}
		r.Sampling.LogitBias = map[int32]float32{m.tok.ID(`"`): 4} // quotation marks, so that texts end
		var last Partial[invoice]
		n := 0
		for p, err := range StreamAs[invoice](t.Context(), s, r) {
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			n++
			last = p
		}
		v := last.Value
		if !last.Done || n < 2 || v.Number < 1 || v.Number > 999 || len(v.Items) < 1 || len(v.Items) > 3 || (v.Kind != "net" && v.Kind != "gross") {
			t.Errorf("seed %d: %d values, the last %+v", seed, n, last)
		}
	}
	_, err = GenerateAs[invoice](t.Context(), s, Request{Messages: []chat.Message{chat.User("x")}, ThinkTokens: 3, MaxTokens: 8})
	if !errors.Is(err, ErrIncomplete) {
		t.Errorf("eight tokens: %v, want ErrIncomplete", err)
	}
}

// TestThinking checks that reasoning and answer are told apart, and that the budget ends the reasoning.
func TestThinking(t *testing.T) {
	m := openTemplate(t, thinkTemplate, "<think>", "</think>", "<|im_end|>")
	s, err := m.NewSession(SessionConfig{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	g, err := grammar.FromRegexp("(yes|no)!")
	if err != nil {
		t.Fatal(err)
	}
	thought, answer := "", ""
	hot := 1.0
	for ev, err := range s.Generate(t.Context(), Request{Messages: []chat.Message{chat.User("x")}, ThinkTokens: 25, Grammar: g, Temperature: &hot}) {
		if err != nil {
			t.Fatal(err)
		}
		switch ev.Kind {
		case EventReasoning:
			thought += ev.Text
		case EventText:
			answer += ev.Text
		}
	}
	if answer != "yes!" && answer != "no!" || thought == "" || strings.Contains(thought, "think>") {
		t.Errorf("reasoning %q, answer %q", thought, answer)
	}
}

// TestBudgetInsideCharacter ends reasoning after a character, not inside one, but not never.
func TestBudgetInsideCharacter(t *testing.T) {
	m := openTemplate(t, thinkTemplate, "<think>", "</think>", "<|im_end|>")
	bytes := map[string]int32{}
	for id := range int32(m.tok.Vocab()) {
		bytes[m.tok.Piece(id)] = id
	}
	s, err := m.NewSession(SessionConfig{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, c := range []struct {
		pieces string
		forced int // after so many tokens
	}{{"a\xc3\xa9bc", 3}, {"ab\xe2\x82\xac", 2}, {"a\xc3\xc3\xc3\xc3\xc3\xc3", 6}} {
		r := &Request{Messages: []chat.Message{chat.User("x")}, ThinkTokens: 2}
		g := &generation{s: s, r: r}
		if err := g.answer.init(m, r, m.replyFormat(r), "<think>"); err != nil {
			t.Fatal(err)
		}
		n := 0
		for ; len(g.forced) == 0 && n < len(c.pieces); n++ {
			if _, err := g.answer.push(bytes[c.pieces[n:n+1]]); err != nil {
				t.Fatal(err)
			}
			if err := g.budget(); err != nil {
				t.Fatal(err)
			}
		}
		if n != c.forced || len(g.forced) == 0 {
			t.Errorf("%q: reasoning ends after %d tokens, want %d", c.pieces, n, c.forced)
		}
	}
}

// adversary chooses tokens at random among those a constraint allows. After a time it hurries to the end: it closes what a
// closing text can close.
type adversary struct {
	rng   *rand.Rand
	m     *Model
	long  int     // tokens after which it hurries
	queue []int32 // rest of a closing text
}

// closers end texts and containers of the syntaxes.
var closers = []string{"\n</parameter>\n", "</parameter>\n", "</parameter>", "</｜DSML｜parameter>\n", "</arg_value>", `<|"|>`, "<escape>", "<|end|>", `"`, "}", "]"}

func (a *adversary) choose(k *constraint, n int) int32 {
	if len(a.queue) > 0 {
		id := a.queue[0]
		a.queue = a.queue[1:]
		return id
	}
	if n > a.long {
		for _, i := range a.rng.Perm(len(closers)) { // in any order: some are text inside others
			c := closers[i]
			st := k.st.Clone()
			if st.AcceptBytes([]byte(c)) != nil {
				continue
			}
			if ids, err := a.m.tok.Encode(nil, c, tokenize.EncodeOptions{}); err == nil {
				a.queue = ids[1:]
				return ids[0]
			}
		}
	}
	mask := k.allowed()
	for {
		id := int32(a.rng.IntN(a.m.tok.Vocab()))
		if a.m.tok.IsEOG(id) && k.phase != phaseHeld {
			continue
		}
		if (mask == nil || mask[id/64]>>(id%64)&1 != 0) && k.fits(id) {
			return id
		}
	}
}

// toolSchemas makes schemas of parameters: every kind of value, alone and together.
func toolSchemas(n int) []tool.Def {
	kinds := []string{
		`{"type":"string","enum":["a","b\"c","<d>"]}`, `{"type":"integer","minimum":-5,"maximum":120}`, `{"type":"boolean"}`,
		`{"type":"number"}`, `{"type":"array","items":{"type":"integer"},"maxItems":3}`,
		`{"type":"object","properties":{"x":{"type":"integer"},"y":{"type":"boolean"}},"required":["x"],"additionalProperties":false}`,
		`{"type":"string"}`,
	}
	var defs []tool.Def
	for i := range n {
		var props, required []string
		for j := range 1 + i%4 {
			name := fmt.Sprintf("p%d", j)
			props = append(props, fmt.Sprintf("%q:%s", name, kinds[(i+j*3)%len(kinds)]))
			if (i+j)%3 != 0 {
				required = append(required, fmt.Sprintf("%q", name))
			}
		}
		schema := fmt.Sprintf(`{"type":"object","properties":{%s},"required":[%s],"additionalProperties":false}`, strings.Join(props, ","), strings.Join(required, ","))
		defs = append(defs, tool.Def{Name: fmt.Sprintf("tool_%d", i), Description: "a tool", Parameters: json.RawMessage(schema)})
	}
	return defs
}

// TestToolCalls holds an adversary to the calls of 50 tools in the syntax of every recorded template that has calls: every
// call parses, and its arguments are valid. With -short there are fewer tools.
func TestToolCalls(t *testing.T) {
	files, err := filepath.Glob(tensortest.Path(t, "chat", "templates") + "/*")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[reply.Syntax]bool{}
	m := openTemplate(t, "x", "<tool_call>", "</tool_call>", "[TOOL_CALLS]", "<|tool_call|>", "<|python_tag|>", "<|message|>", "<|channel|>", "<|constrain|>")
	defs := toolSchemas(50)
	rng := rand.New(rand.NewPCG(1, 2))
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		f := reply.Detect(string(source))
		if f.Calls == reply.NoCalls || seen[f.Calls] {
			continue
		}
		seen[f.Calls] = true
		t.Run(f.Calls.String(), func(t *testing.T) {
			for i := range defs {
				if testing.Short() && i%5 != 0 {
					continue
				}
				// Two tools of which one is called: required, and set off by what is written in free text.
				tools := []tool.Def{defs[i], defs[(i*7+3)%len(defs)]}
				callTools(t, m, f, tools, reply.Choice{Required: true}, "", rng)
				if i%10 == 0 {
					callTriggered(t, m, f, tools, rng)
				}
			}
		})
	}
	if len(seen) < 10 {
		t.Errorf("%d syntaxes seen", len(seen))
	}
}

// callTools generates one reply, after a text that is forced, and checks its calls.
func callTools(t *testing.T, m *Model, f reply.Format, tools []tool.Def, choice reply.Choice, forced string, rng *rand.Rand) {
	t.Helper()
	f.Think = reply.Markers{}
	r := &Request{Messages: []chat.Message{chat.User("x")}, Tools: tools, ToolChoice: choice}
	k, err := m.newConstraint(r, f, "", false)
	var u *reply.UnsupportedError
	if errors.As(err, &u) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	a := &adversary{rng: rng, m: m, long: 40}
	var text strings.Builder
	ids, err := m.tok.Encode(nil, forced, tokenize.EncodeOptions{ParseSpecial: true})
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; ; n++ {
		if n == 3000 {
			t.Fatalf("no end after %d tokens: %q", n, text.String())
		}
		if k.finished() {
			break
		}
		var id int32
		if n < len(ids) {
			id = ids[n]
			if !k.fits(id) {
				t.Fatalf("the mark %q does not fit", forced)
			}
		} else {
			id = a.choose(k, n)
		}
		if err := k.accept(id); err != nil {
			t.Fatal(err)
		}
		if m.tok.IsEOG(id) {
			break
		}
		text.WriteString(m.marked(id))
	}
	o := reply.Options{Tools: tools}
	if f.Calls == reply.FunctionaryLine && !strings.HasPrefix(text.String(), ">>>") {
		o.Prompt = ">>>" // the template has begun the line
	}
	got, err := f.Parse(text.String(), o)
	if err != nil || len(got.Errors) > 0 || len(got.Calls) == 0 {
		t.Errorf("%q: %d calls, errors %v %v", text.String(), len(got.Calls), got.Errors, err)
		return
	}
	for _, c := range got.Calls {
		def := tools[0]
		if c.Name == tools[1].Name {
			def = tools[1]
		}
		g, err := grammar.FromJSONSchema(def.Schema(), grammar.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if c.Name != def.Name || g.Validate(c.Arguments) != nil {
			t.Errorf("call of %s with %s: %v", c.Name, c.Arguments, g.Validate(c.Arguments))
		}
	}
}

// callTriggered begins each call by its trigger in free text.
func callTriggered(t *testing.T, m *Model, f reply.Format, tools []tool.Def, rng *rand.Rand) {
	t.Helper()
	g, err := f.Grammar(tools, reply.Choice{})
	if err != nil {
		return
	}
	for _, trigger := range g.Triggers {
		callTools(t, m, f, tools, reply.Choice{}, trigger.Text, rng)
	}
}
