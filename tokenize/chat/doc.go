// Package chat turns a conversation into the text that a model was trained on, by the chat template in the model's file.
// The text is byte for byte that of Hugging Face transformers' apply_chat_template.
//
//	t, err := chat.Parse(source, chat.Options{})
//	prompt, err := t.Render(ctx, chat.Input{
//		Messages:            []chat.Message{chat.System("Be brief."), chat.User("Hello!")},
//		AddGenerationPrompt: true,
//		BOS:                 "<s>",
//	})
//
// Templates are programs written in Jinja; the language is in the package jinja below this one, which also says what it
// refuses. Templates are not trusted: one that loops, recurses or grows without end is stopped with a [LimitError].
//
// A template may refuse a conversation, for example one with two user messages in a row. That is a [RaisedError] with the
// template's own words. Everything else that goes wrong is a jinja.Error with the line of the template.
//
// Definitions of tools come from package tool; what the model answers is split into reasoning, text and calls of tools by
// package reply. Images, sounds and videos are parts of a message; [Template.MediaMark] tells what the template writes in
// their place.
//
// The text holds special tokens such as <|im_start|>: encode it with tokenize.EncodeOptions{ParseSpecial: true} and without
// AddSpecial, as the template writes the BOS token itself. Text of users in it is not escaped: templates cannot tell a
// special token a user typed from one of their own.
//
// The package imports only package jinja, opens no file and knows no model.
package chat
