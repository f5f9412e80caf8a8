// Package tokenize turns text into token ids and token ids into text.
//
// A [Tokenizer] never changes after it is built and may be used by any number of goroutines:
//
//	ids, err := tok.Encode(nil, "Hello world", tokenize.EncodeOptions{AddSpecial: true})
//	text, err := tok.Decode(ids, tokenize.DecodeOptions{SkipSpecial: true})
//
// A [Stream] decodes one token at a time and never returns half a character. [Tokenizer.EncodePair] encodes two texts as
// one input.
//
// # Sources
//
// [New] builds a tokenizer of a [Config], the plain description of a vocabulary: its kind, tokens, scores or merges, and
// special ids. A program may fill one by hand, or read it:
//
//   - [ConfigFromGGUF]: the tokenizer.ggml.* keys of a GGUF file
//   - [ConfigFromSentencePiece]: a SentencePiece model, tokenizer.model
//   - [ConfigFromTiktoken]: a tiktoken table of ranks
//
// [FromJSON] builds one of Hugging Face's tokenizer.json, which describes a whole pipeline of parts.
//
// # What is equal to what
//
// Ids equal those of the software a file was made for: llama.cpp for GGUF, SentencePiece, tiktoken, and Hugging Face's
// tokenizers. For BERT in GGUF they follow Hugging Face where llama.cpp loses marks and Hangul, and patterns that look at
// capitals or marks are those the models were trained with. Decode gives back the text exactly, byte for byte, unless
// the vocabulary itself rewrites text (WordPiece and Unigram do). Any bytes are accepted, valid UTF-8 or not.
//
// # Bounds
//
// The time for n bytes is at most proportional to n log n, whatever the text: words come from patterns that are
// compiled to tables and read a text once, and merges go through a heap. A vocabulary cannot make it worse than by the
// length of its longest token, which is at most 4096 bytes. Files are checked; a part that is not supported is an error
// that names it and wraps [ErrUnsupported].
//
// Text from outside never becomes a control token, unless EncodeOptions.ParseSpecial asks for it.
//
// The package opens no file, knows neither models nor backends, and imports no other package of this module but its own
// internal ones.
package tokenize
