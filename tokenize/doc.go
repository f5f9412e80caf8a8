// Package tokenize turns text into token ids and token ids into text.
//
// A [Config] is the plain description of a vocabulary: its kind, tokens, scores or merges, and special ids.
// [ConfigFromGGUF] reads one from the tokenizer.ggml.* keys of a GGUF file; a program may also fill one by hand. [New]
// checks it and builds a [Tokenizer], which never changes afterwards and may be used by any number of goroutines.
//
//	ids, err := tok.Encode(nil, "Hello world", tokenize.EncodeOptions{AddSpecial: true})
//	text, err := tok.Decode(ids, tokenize.DecodeOptions{SkipSpecial: true})
//
// A [Stream] decodes one token at a time and never returns half a character.
//
// Two kinds are built in: [SPM], the byte-pair encoding of SentencePiece ("llama" in GGUF), and [BPE], the byte-level
// byte-pair encoding of GPT-2 and its many descendants ("gpt2" in GGUF), with one table of pre-tokenizers
// ([PreTokenizers]). Ids equal those of llama.cpp for the same vocabulary. Any bytes are accepted, valid UTF-8 or not,
// and the time for n bytes is at most proportional to n log n.
//
// The package opens no file, knows neither models nor backends, and imports no other package of this module.
package tokenize
