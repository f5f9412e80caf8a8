package reply

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/seed64708441/ember/tokenize/chat/tool"
)

const (
	call1 = `get_weather {"city": "Bern"}`
	call2 = `add {"a": 1, "b": {}}`
)

// show writes a reply in a line.
func show(r Reply) string {
	var parts []string
	if r.Reasoning != "" {
		parts = append(parts, "R "+r.Reasoning)
	}
	if r.Text != "" {
		parts = append(parts, "T "+r.Text)
	}
	for _, c := range r.Calls {
		parts = append(parts, c.Name+" "+string(c.Arguments))
	}
	for _, e := range r.Errors {
		parts = append(parts, "E "+e.Err.Error())
	}
	return strings.Join(parts, " | ")
}

// TestParse has examples for every syntax, read at every split.
func TestParse(t *testing.T) {
	think := Markers{"<think>", "</think>"}
	for _, c := range []struct {
		format       Format
		prompt, text string
		want         string
	}{
		{Format{}, "", "  a < b <think> {\"name\": 1} ", "T   a < b <think> {\"name\": 1} "},
		{Format{Think: think}, "", "<think>\nhm <thin\n</think>\n\nyes ", "R hm <thin | T yes "},
		{Format{Think: think}, "<|assistant|><think>\n", "hm\n</think>\n\nyes", "R hm | T yes"},
		{Format{Think: think}, "<|assistant|><think>\n", "<think>hm</think>yes", "R hm | T yes"},
		{Format{Think: think}, "<|assistant|><think>\n\n</think>\n\n", "yes", "T yes"},
		{Format{Think: think}, "<think>", "hm \n", "R hm \n"},
		{Format{Think: think}, "<think>", "\n\n</think>\n\n", ""},
		{Format{Think: think}, "", "a</think>b<think>c</think>d", "R c | T abd"},
		{Format{Calls: Hermes}, "", "a\n<tool_call>\n{\"name\": \"add\", \"arguments\": {\"a\": 1, \"b\": {}}}\n</tool_call>", "T a | " + call2},
		{Format{Calls: Hermes}, "", `<tool_call>{"arguments": {"a": 1, "b": {}}, "name": "add"}</tool_call>`, call2},
		{Format{Calls: Hermes}, "", `<tool_call>{"name": "add"}</tool_call>b`, "T b | add {}"},
		{Format{Calls: Hermes}, "x<tool_call>\n", `{"name": "add"}</tool_call>`, "add {}"},
		{Format{Calls: Hermes}, "", `<tool_call>{"name": "add", "arguments": {"s": "</tool_call>"}}</tool_call>`, `add {"s": "</tool_call>"}`},
		{Format{Calls: Hermes}, "", `<tool_call>{"name": "add", "arguments": "{\"a\": 1, \"b\": {}}"}</tool_call>`, call2},
		{Format{Calls: JSON}, "", ` {"name": "add", "arguments": {"a": 1, "b": {}}} `, call2},
		{Format{Calls: JSON}, "", `[{"name": "add", "arguments": {"a": 1, "b": {}}}, {"name": "add"}]`, call2 + " | add {}"},
		{Format{Calls: JSON}, "", ` {"name": "bob", "age": 3} and`, `T  {"name": "bob", "age": 3} and`},
		{Format{Calls: JSON}, "", `[1, 2]`, `T [1, 2]`},
		{Format{Calls: JSON}, "", `{`, `T {`},
		{Format{Calls: JSON, Think: think}, "", `<think>{"name": "add"}</think> {"name": "add"}`, `R {"name": "add"} | add {}`},
		{Format{Calls: Llama}, "", `{"name": "add", "parameters": {"a": 1, "b": {}}}`, call2},
		{Format{Calls: Llama}, "", `<|python_tag|>{"name": "add", "parameters": {"a": 1, "b": {}}}; {"name": "add", "parameters": {}}`, call2 + " | add {}"},
		{Format{Calls: Llama}, "", "Hello {", "T Hello {"},
		{Format{Calls: QwenXML}, "", "<function=add>\n<parameter=a>\n1\n</parameter>\n<parameter=b>\n{}\n</parameter>\n</function>\n</tool_call>", call2},
		{Format{Calls: QwenXML}, "", "<tool_call>\n<function=get_weather>\n<parameter=city>\n\n a <b>\n\n</parameter>\n</function>\n</tool_call>", `get_weather {"city": "\n a <b>\n"}`},
		{Format{Calls: QwenXML}, "", `<tool_call><function=add><parameter=b>{"x": "</parameter>"}</parameter></function></tool_call>`, `add {"b": {"x": "</parameter>"}}`},
		{Format{Calls: QwenXML}, "", `<tool_call><function=add></function></tool_call>`, `add {}`},
		{Format{Calls: GLM}, "", "<tool_call>get_weather\n<arg_key>city</arg_key>\n<arg_value>Bern</arg_value>\n</tool_call>", call1},
		{Format{Calls: GLM}, "", "<tool_call>add</tool_call>", "add {}"},
		{Format{Calls: Seed}, "", `<seed:tool_call><function=add><parameter=b>{'x': None, "y": (True, 'it\'s')}</parameter></function></seed:tool_call>`, `add {"b": {"x": null, "y": [true, "it's"]}}`},
		{Format{Calls: MiniMax}, "", "<minimax:tool_call>\n<invoke name=\"get_weather\">\n<parameter name=\"city\">Bern</parameter>\n</invoke>\n<invoke name=\"add\">\n</invoke>\n</minimax:tool_call>", call1 + " | add {}"},
		{Format{Calls: Pythonic}, "", `<|tool_call_start|>[get_weather(city="Bern"), add(a=1, b={'x': [None, "]\n)"]})]<|tool_call_end|>a`, `T a | get_weather {"city": "Bern"} | add {"a": 1, "b": {"x": [null, "]\n)"]}}`},
		{Format{Calls: Pythonic}, "", `<|tool_call_start|>[]<|tool_call_end|>a`, "T a"},
		{Format{Calls: Pythonic}, "", `<|tool_call_start|>[add(1)]<|tool_call_end|>a`, "T a | E " + ErrSyntax.Error()},
		{Format{Calls: Pythonic}, "", `<|tool_call_start|>[1]<|tool_call_end|>a`, "T a | E " + ErrSyntax.Error()},
		{Format{Calls: Pythonic}, "", `<|tool_call_start|>[add(), nope(x=1)]<|tool_call_end|>a`, "T a | add {} | E " + ErrUnknown.Error()},
		{Format{Calls: Pythonic}, "", `<|tool_call_start|>[add(a=1, a=2)]<|tool_call_end|>a`, "T a | E " + ErrSyntax.Error()},
		{Format{Calls: FunctionGemma}, "", "<start_function_call>call:get_weather{city:<escape>Bern<escape>}<end_function_call>", call1},
		{Format{Calls: Gemma}, "", `<|tool_call>call:add{a:1,b:{x:[],y:<|"|>}<|"|>}}<tool_call|>`, `add {"a": 1, "b": {"x": [], "y": "}"}}`},
		{Format{Calls: Granite}, "", `<|tool_call|>[{"name": "get_weather", "arguments": {"city": "Bern"}}, {"name": "add"}]`, call1 + " | add {}"},
		{Format{Calls: Granite}, "", `<|tool_call|>[]<|/tool_call|>a`, "T a"},
		{Format{Calls: FireFunction}, "", ` functools[{"name": "get_weather", "arguments": {"city": "Bern"}}]`, call1},
		{Format{Calls: CommandRPlus}, "", "Action: see below", "T Action: see below"},
		{Format{Calls: CommandRPlus}, "", "ok\nAction:\n```json\n[1]\n``` b", "T ok\nAction:\n```json\n[1]\n``` b"},
		{Format{Calls: FunctionaryLine}, "x>>>", "all\nHello>>>get_weather\n{\"city\": \"Bern\"}", "T Hello | " + call1},
		{Format{Calls: FunctionaryLine}, "x>>>", "get_weather\n{\"city\": \"Bern\"}>>>all\nHello", "T Hello | " + call1},
		{Format{Calls: MistralArgs}, "", `[TOOL_CALLS]get_weather{"city": "Bern"}`, call1},
		{Format{Calls: Kimi}, "", `<|tool_calls_section_begin|><|tool_call_begin|>functions.add:3<|tool_call_argument_begin|>{}<|tool_call_end|><|tool_calls_section_end|>a`, "T a | add {}"},
		{Format{Calls: Harmony}, "<|start|>assistant", `<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>commentary to=functions.add <|constrain|>json<|message|>{}<|call|>`, "R hm | add {}"},
		{Format{Calls: Harmony}, "<|start|>assistant<|channel|>final<|message|>", `yes`, "T yes"},
		{Format{Calls: Harmony}, "<|start|>assistant<|channel|>analysis<|message|>", `hm<|end|><|start|>assistant<|channel|>commentary<|message|>I look.<|end|><|start|>assistant to=functions.get_weather<|channel|>commentary json<|message|>{"city": "Bern"}`, "R hm | T I look. | " + call1},
		{Format{Calls: Harmony}, "", "plain text", "T plain text"},
		{Format{Calls: Harmony}, "", "<|channel|>a<|channel|>b", "T ab"},
		{Format{Calls: Harmony}, "", "<|start|>", ""},
		{Format{Calls: Harmony}, "<|start|>assistant", "<|channel|>commentary to=functions.add<|message|>oops<|call|><|start|>assistant<|channel|>final<|message|>b", "T b | E " + ErrSyntax.Error()},

		{Format{Calls: Hermes}, "", `<tool_call>{"name": "nope"}</tool_call>b`, "T b | E " + ErrUnknown.Error()},
		{Format{Calls: Hermes}, "", `<tool_call>{"name": "add", "arguments": {"a": tru}}</tool_call>b`, "T b | E " + ErrSyntax.Error()},
		{Format{Calls: Hermes}, "", `<tool_call>{"name": "add", "arguments": [1]}</tool_call>b`, "T b | E " + ErrSyntax.Error()},
		{Format{Calls: Hermes}, "", `<tool_call>{"name": "add", "arguments": {"a": "</tool_call> b`, "E " + ErrCut.Error()},
		{Format{Calls: Hermes}, "", `<tool_call>{1}</tool_call>b<tool_call>{"name": "add"}</tool_call>`, "T b | add {} | E " + ErrSyntax.Error()},
		{Format{Calls: Hermes}, "", `<tool_call>{"arguments": {}}</tool_call>`, "E " + ErrSyntax.Error()},
		{Format{Calls: Hermes}, "", `<tool_call>`, "E " + ErrCut.Error()},
		{Format{Calls: QwenXML}, "", `<function=add><parameter=a>x</parameter></function></tool_call>b`, "T b | E " + ErrSyntax.Error()},
		{Format{Calls: QwenXML}, "", `<function=add><parameter=a>1</parameter><parameter=a>1</parameter></function></tool_call>b`, "T b | E " + ErrSyntax.Error()},
		{Format{Calls: GLM}, "", `<tool_call>` + strings.Repeat("x", 300) + `</tool_call>b`, "T b | E " + ErrSyntax.Error()},
		{Format{Calls: Gemma}, "", `<|tool_call>call:add{a:b}<tool_call|>b`, "T b | E " + ErrSyntax.Error()},
		{Format{Calls: DeepSeek}, "", `<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>add<｜tool▁sep｜>{}<｜tool▁call▁end｜>`, "add {}"},
	} {
		for _, pieces := range splits(c.text, true) {
			r, err := parsePieces(c.format, Options{Tools: roundTools, Prompt: c.prompt}, pieces)
			if err != nil {
				t.Fatal(err)
			}
			if got := show(r); got != c.want {
				t.Errorf("%v, %d pieces of %q:\n got %s\nwant %s", c.format.Calls, len(pieces), c.text, got, c.want)
				break
			}
		}
	}
}

func TestEvents(t *testing.T) {
	p, err := Format{Calls: Hermes}.Parser(Options{FirstCall: 7})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, piece := range []string{"a ", "b\n<tool", "_call>{\"name\": \"f\", \"arguments\": {\"x", "\": 1}, \"id\": \"i\"}</tool_call><tool_call>{\"name\":\"g\"}"} {
		for _, e := range p.Push(piece) {
			got = append(got, fmt.Sprint(e.Kind, e.Text, e.Call, e.ID, e.Name, string(e.Arguments)))
		}
	}
	for _, e := range append(p.Close(), p.Close()...) {
		t.Errorf("got %v at the end", e)
	}
	want := []string{"1a0", "1 b0", "20 f", `3{"x0`, `3": 1}0`, `40i f {"x": 1}`, "21 g", "3{}1", "41call00008 g {}"}
	for i := range want {
		want[i] = strings.ReplaceAll(want[i], " ", "")
	}
	for i := range got {
		got[i] = strings.ReplaceAll(got[i], " ", "")
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("\n got %q\nwant %q", got, want)
	}
	if more := p.Push("x"); more != nil {
		t.Errorf("got %v after Close", more)
	}
}

// TestEndThinking cuts reasoning short in every format that has some.
func TestEndThinking(t *testing.T) {
	formats := []Format{{Calls: Harmony}}
	for _, r := range thinkRules {
		formats = append(formats, Format{Think: r.think})
	}
	if end := formats[0].EndThinking(false); end != formats[0].EndThinking(true)+"<|channel|>final<|message|>" {
		t.Errorf("%q does not lead to the answer", end)
	}
	for _, f := range formats {
		open := f.Think.Open
		if f.Calls == Harmony {
			open = "<|start|>assistant<|channel|>analysis<|message|>"
		}
		p, err := f.Parser(Options{Prompt: open})
		if err != nil {
			t.Fatal(err)
		}
		var r Reply
		add := func(events []Event) {
			for _, e := range events {
				r.Add(e)
			}
		}
		add(p.Push("hm, or"))
		if !p.Thinking() {
			t.Errorf("%v: not thinking", f)
		}
		if f.Calls == Harmony {
			add(p.Push(f.EndThinking(true) + "<|channel|>final<|message|>"))
		} else {
			add(p.Push(f.EndThinking(true)))
		}
		if p.Thinking() {
			t.Errorf("%v: still thinking", f)
		}
		add(p.Push("yes"))
		add(p.Close())
		if got := show(r); got != "R hm, or | T yes" {
			t.Errorf("%v: got %s", f, got)
		}
	}
	if s := (Format{}).EndThinking(false); s != "" {
		t.Errorf("got %q without reasoning", s)
	}
}

func TestCallError(t *testing.T) {
	r, err := Format{Calls: Hermes}.Parse(`<tool_call>{"name": "nope", "arguments": {}}</tool_call>`, Options{Tools: roundTools})
	if err != nil || len(r.Errors) != 1 {
		t.Fatalf("got %v, error %v", r, err)
	}
	if e := r.Errors[0]; !errors.Is(e, ErrUnknown) || e.Name != "nope" || !strings.Contains(e.Raw, `"nope"`) || !strings.Contains(e.Error(), "nope") {
		t.Errorf("got %v with raw %q", e, e.Raw)
	}
}

func TestOptions(t *testing.T) {
	for _, f := range []Format{
		{Think: Markers{"a", ""}}, {Answer: Markers{"", "b"}}, {Drop: []string{""}}, {Calls: syntaxEnd},
		{Think: Markers{strings.Repeat("a", 300), "b"}},
	} {
		if _, err := f.Parser(Options{}); err == nil {
			t.Errorf("%+v: got no error", f)
		}
	}
	for _, o := range []Options{{MaxCallBytes: -1}, {FirstCall: -1}, {Tools: []tool.Def{{}}}} {
		if _, err := (Format{}).Parser(o); err == nil {
			t.Errorf("%+v: got no error", o)
		}
	}
	for s := range syntaxEnd {
		if s.String() == "" || s != NoCalls && s != Harmony && layouts[s].opens == nil && !layouts[s].bare {
			t.Errorf("Syntax(%d) has no layout", s)
		}
	}
}

// TestPrograms checks that every label leads somewhere.
func TestPrograms(t *testing.T) {
	for s := range syntaxEnd {
		l := layouts[s]
		check := func(label string) {
			if _, ok := l.prog[label]; !ok && label != "" {
				t.Errorf("%v: no step %q", s, label)
			}
		}
		for _, b := range l.opens {
			check(b.next)
		}
		for _, step := range l.prog {
			check(step.next)
			for _, b := range step.lits {
				check(b.next)
			}
		}
	}
}

// hostileReplies are long replies that must take linear time and bounded memory.
func hostileReplies(n int) map[string]struct {
	syntax Syntax
	text   string
} {
	type hostile = struct {
		syntax Syntax
		text   string
	}
	rep := func(s string) string { return strings.Repeat(s, n/len(s)) }
	return map[string]hostile{
		"beginnings of marks": {Hermes, rep("<tool_cal")},
		"marks":               {Kimi, rep("<|tool_calls_section_begin|>")},
		"white space":         {Hermes, rep(" \n")},
		"name":                {GLM, "<tool_call>" + rep("x")},
		"value":               {QwenXML, "<function=f><parameter=a>" + rep("</paramete")},
		"keys":                {QwenXML, "<function=f>" + rep("<parameter=a>1</parameter>")},
		"string":              {Hermes, `<tool_call>{"name": "f", "arguments": {"a": "` + rep("x")},
		"brackets":            {Hermes, `<tool_call>{"name": "f", "arguments": {"a": ` + rep("[")},
		"keys of the object":  {Hermes, `<tool_call>{` + rep(`"a": 1, `)},
		"late name":           {Hermes, `<tool_call>{"arguments": {"a": "` + rep("x") + `"}, "name": "f"}`},
		"may be a call":       {JSON, rep("[{")},
		"may be a call 2":     {JSON, `[{"a": "` + rep("x")},
		"calls":               {Hermes, rep(`<tool_call>{"name": "f"}</tool_call>`)},
		"bad calls":           {Hermes, rep(`<tool_call>x`)},
		"header":              {Harmony, rep("<|start|>")},
		"long header":         {Harmony, rep("x")},
		"messages":            {Harmony, rep("<|start|>assistant<|channel|>final<|message|>a<|end|>")},
		"gemma":               {Gemma, `<|tool_call>call:f{a:<|"|>` + rep(`<|"`)},
		"gemma brackets":      {Gemma, `<|tool_call>call:f` + rep(`{`)},
		"calls of mistral":    {MistralList, "[TOOL_CALLS][" + rep(`{"name": "f"},`)},
	}
}

func TestHostile(t *testing.T) {
	const n = 3 << 18
	for name, h := range hostileReplies(n) {
		t.Run(name, func(t *testing.T) {
			for _, size := range []int{1, 1000, n} {
				p, err := Format{Calls: h.syntax}.Parser(Options{Tools: []tool.Def{{Name: "f"}}})
				if err != nil {
					t.Fatal(err)
				}
				text := h.text
				if size == 1 {
					text = text[:min(len(text), n/16)]
				}
				start, most := time.Now(), 0
				for s := text; s != ""; s = s[min(size, len(s)):] {
					p.Push(s[:min(size, len(s))])
					most = max(most, cap(p.buf)+cap(p.call.raw)+cap(p.call.args)+cap(p.space)+cap(p.header)+cap(p.call.object.text))
				}
				p.Close()
				if took := time.Since(start); took > 3*time.Second {
					t.Errorf("pieces of %d: took %v", size, took)
				}
				if most > 8*defaultCallBytes {
					t.Errorf("pieces of %d: held %d bytes", size, most)
				}
			}
		})
	}
}

// FuzzParse checks that no reply makes the parser panic, that all splits give the same, and that nothing is lost.
func FuzzParse(f *testing.F) {
	for s := range syntaxEnd {
		for _, b := range layouts[s].opens {
			f.Add(uint8(s), b.lit+`{"name": "add", "arguments": {"a": 1}}`, uint8(3))
		}
	}
	f.Add(uint8(Harmony), `<|channel|>analysis<|message|>hm<|end|><|start|>assistant to=functions.add<|message|>{}`, uint8(1))
	f.Add(uint8(QwenXML), `<tool_call><function=add><parameter=b>{"x": "</parameter>"}</parameter></function></tool_call>`, uint8(1))
	f.Add(uint8(Gemma), `<|tool_call>call:add{a:1,b:{x:[],y:<|"|>}<|"|>}}<tool_call|>`, uint8(2))
	f.Add(uint8(JSON), ` [{"name": "add"}, {"name": "bob"}]`, uint8(2))
	f.Fuzz(func(t *testing.T, syntax uint8, text string, size uint8) {
		format := Format{Calls: Syntax(syntax % uint8(syntaxEnd)), Think: Markers{"<think>", "</think>"}}
		o := Options{Tools: roundTools, MaxCallBytes: 1 << 12}
		whole, err := parsePieces(format, o, []string{text})
		if err != nil {
			t.Fatal(err)
		}
		var pieces []string
		for s := text; s != ""; s = s[min(int(size)+1, len(s)):] {
			pieces = append(pieces, s[:min(int(size)+1, len(s))])
		}
		cut, err := parsePieces(format, o, pieces)
		if err != nil {
			t.Fatal(err)
		}
		if a, b := show(whole), show(cut); a != b && len(text) < 1<<12 {
			t.Errorf("%v: %q\nwhole %q\npieces %q", format.Calls, text, a, b)
		}
		for _, c := range whole.Calls {
			if !json.Valid(c.Arguments) || c.Arguments[0] != '{' || c.Name == "" || c.ID == "" {
				t.Errorf("call %+v", c)
			}
		}
		for _, e := range whole.Errors {
			if e.Err == nil { // parsePieces found arguments that differ from their pieces
				t.Error(e.Msg)
			}
		}
	})
}

func TestInstructions(t *testing.T) {
	s, err := Instructions(roundTools)
	if err != nil || !strings.Contains(s, `{"name":"add","description":"Add.","parameters":{`) || !strings.Contains(s, `"arguments"`) {
		t.Errorf("got %s, error %v", s, err)
	}
	if _, err := Instructions([]tool.Def{{}}); err == nil {
		t.Error("a tool without a name: got no error")
	}
}
