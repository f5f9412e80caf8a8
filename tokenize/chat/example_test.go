package chat_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/seed64708441/ember/tokenize/chat"
)

func Example() {
	const source = `{{ bos_token }}{% for m in messages %}<|{{ m.role }}|>
{{ m.content | trim }}<|end|>
{% endfor %}{% if add_generation_prompt %}<|assistant|>
{% endif %}`
	t, err := chat.Parse(source, chat.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	prompt, err := t.Render(context.Background(), chat.Input{
		Messages:            []chat.Message{chat.System("Be brief."), chat.User(" Hello! ")},
		AddGenerationPrompt: true,
		BOS:                 "<s>",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(prompt)
	// Output:
	// <s><|system|>
	// Be brief.<|end|>
	// <|user|>
	// Hello!<|end|>
	// <|assistant|>
}

// A template refuses a conversation with raise_exception.
func ExampleRaisedError() {
	const source = `{% if messages[0].role != 'user' %}{{ raise_exception('the user begins') }}{% endif %}`
	t, err := chat.Parse(source, chat.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = t.Render(context.Background(), chat.Input{Messages: []chat.Message{chat.Assistant("Hello!")}})
	var raised *chat.RaisedError
	if errors.As(err, &raised) {
		fmt.Println(raised.Message)
	}
	// Output: the user begins
}

// Parts stand where an image or sound belongs.
func ExampleUserParts() {
	const source = `{% for p in messages[0].content %}{{ '<image>' if p.type == 'image' else p.text }}{% endfor %}`
	t, err := chat.Parse(source, chat.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	m := chat.UserParts(chat.TextPart("What is "), chat.ImagePart(), chat.TextPart("?"))
	fmt.Println(t.Render(context.Background(), chat.Input{Messages: []chat.Message{m}}))
	// Output: What is <image>? <nil>
}
