package reply_test

import (
	"encoding/json"
	"fmt"

	"github.com/seed64708441/ember/tokenize/chat/reply"
	"github.com/seed64708441/ember/tokenize/chat/tool"
)

// A reply is split while it is made. Marks may come in pieces.
func Example() {
	const template = `... <think> ... </think> ... <tool_call>{"name": ...}</tool_call> ...` // tokenizer.chat_template
	p, err := reply.Detect(template).Parser(reply.Options{
		Tools: []tool.Def{{
			Name:       "get_weather",
			Parameters: json.RawMessage(`{"type": "object", "properties": {"city": {"type": "string"}}}`),
		}},
		Prompt: "<|im_start|>assistant\n<think>\n", // the end of the rendered prompt: reasoning is open
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	show := func(events []reply.Event) {
		for _, e := range events {
			switch e.Kind {
			case reply.Reasoning:
				fmt.Printf("thinks %q\n", e.Text)
			case reply.Text:
				fmt.Printf("says %q\n", e.Text)
			case reply.CallEnd:
				fmt.Println("calls", e.Name, string(e.Arguments))
			case reply.CallFailed:
				fmt.Println(e.Err)
			}
		}
	}
	for _, piece := range []string{"I have to ", "look.\n</th", "ink>\n\nOne moment.\n<tool", "_call>\n{\"name\": \"get_weather\", ",
		"\"arguments\": {\"city\": \"Bern\"}}\n</tool_call>"} {
		show(p.Push(piece))
	}
	show(p.Close())
	// Output:
	// thinks "I have to"
	// thinks " look."
	// says "One moment."
	// calls get_weather {"city": "Bern"}
}

// The grammar of the calls, for a sampler.
func ExampleFormat_Grammar() {
	f := reply.Format{Calls: reply.Hermes}
	g, err := f.Grammar([]tool.Def{{Name: "stop"}}, reply.Choice{One: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(g.GBNF)
	fmt.Println(string(g.Schemas[0]), g.Triggers)
	// Output:
	// root ::= call
	// call-0 ::= "<tool_call>\n" "{\"name\": \"stop\", \"arguments\": " schema-0 "}" "\n</tool_call>"
	// call ::= call-0
	// {"type":"object","properties":{}} [{<tool_call> false}]
}
