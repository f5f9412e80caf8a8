package model

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/seed64708441/ember/model/gguf"
	"github.com/seed64708441/ember/model/grammar"
	"github.com/seed64708441/ember/tensor/tensortest"
	"github.com/seed64708441/ember/tokenize"
	"github.com/seed64708441/ember/tokenize/chat/reply"
	"github.com/seed64708441/ember/tokenize/chat/tool"
)

// TestTextMask measures the masks inside texts, in which most tokens of calls are, with 151,936 tokens: the first may take
// long, the others must have been worked out with it.
func TestTextMask(t *testing.T) {
	f, err := gguf.Open(tensortest.Path(t, "tokenizers", "llama.cpp", "ggml-vocab-qwen2.gguf"), gguf.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	c, err := tokenize.ConfigFromGGUF(f.Meta())
	if err != nil {
		t.Fatal(err)
	}
	tok, err := tokenize.New(c)
	if err != nil {
		t.Fatal(err)
	}
	var v grammar.Vocabulary
	for id := range int32(tok.Vocab()) {
		v.Pieces = append(v.Pieces, []byte(tok.Piece(id)))
	}
	v.End = []int{int(tok.EOS())}
	v.Pieces[tok.EOS()] = nil
	tokens, err := grammar.NewTokens(v)
	if err != nil {
		t.Fatal(err)
	}
	def := tool.Def{Name: "f", Parameters: json.RawMessage(`{"type":"object","properties":{"code":{"type":"string"}},"required":["code"],"additionalProperties":false}`)}
	for syntax, begin := range map[reply.Syntax]string{
		reply.Hermes:        "<tool_call>\n{\"name\": \"f\", \"arguments\": {\"code\": \"",
		reply.QwenXML:       "<tool_call>\n<function=f>\n<parameter=code>\n",
		reply.GLM:           "<tool_call>f\n<arg_key>code</arg_key>\n<arg_value>",
		reply.Gemma:         `<|tool_call>call:f{code:<|"|>`,
		reply.FunctionGemma: "<start_function_call>call:f{code:<escape>",
		reply.Harmony:       "<|channel|>analysis<|message|>",
		reply.DSML:          "<｜DSML｜tool_calls>\n<｜DSML｜invoke name=\"f\">\n<｜DSML｜parameter name=\"code\" string=\"true\">",
		reply.Pythonic:      `<|tool_call_start|>[f(code="`,
	} {
		g, err := reply.Format{Calls: syntax}.Grammar([]tool.Def{def}, reply.Choice{Required: true})
		if err != nil {
			t.Fatal(err)
		}
		schemas := map[string][]byte{}
		for i, s := range g.Schemas {
			schemas[fmt.Sprintf("schema-%d", i)] = s
		}
		made, err := grammar.FromGBNFWith(g.GBNF, schemas, grammar.Options{})
		if err != nil {
			t.Fatal(err)
		}
		st := grammar.CompileTokens(made, tokens).NewState()
		if err := st.AcceptBytes([]byte(begin)); err != nil {
			t.Fatalf("%v: %v", syntax, err)
		}
		mask := make(grammar.Mask, (tok.Vocab()+63)/64)
		best := time.Hour
		for i := range 12 {
			if err := st.AcceptBytes([]byte(" word")); err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			st.Mask(mask)
			if i > 0 {
				best = min(best, time.Since(start))
			}
		}
		if best > 2*time.Millisecond { // of several: other programs may be running
			t.Errorf("%v: a mask takes %v", syntax, best)
		}
	}
}
