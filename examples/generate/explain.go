package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/seed64708441/ember/backend"
	"github.com/seed64708441/ember/model"
	"github.com/seed64708441/ember/model/arch"
	"github.com/seed64708441/ember/model/gguf"
	"github.com/seed64708441/ember/tensor/mem"
)

// explain adds to an error what the user can do about it, in one line.
func explain(err error) string {
	text := strings.ReplaceAll(err.Error(), "\n", "; ")
	var unsupported *arch.UnsupportedError
	var bind *model.BindError
	var format *gguf.FormatError
	switch {
	case errors.Is(err, context.Canceled):
		return "interrupted"
	case errors.Is(err, fs.ErrNotExist):
		return text + " (is the path right?)"
	case errors.Is(err, fs.ErrPermission):
		return text + " (you may not read this file)"
	case errors.Is(err, gguf.ErrNotGGUF):
		return text + " (this program opens GGUF files; safetensors and others cannot be opened yet)"
	case errors.Is(err, gguf.ErrBigEndian):
		return text + " (get the little-endian file, which most repositories have)"
	case errors.Is(err, gguf.ErrVersion):
		return text + " (convert the model again with a current converter)"
	case errors.Is(err, gguf.ErrSplit):
		return text + " (all parts of the model must be there, under their own names)"
	case errors.As(err, &format):
		return text + " (the file is damaged or the download incomplete: compare its size and checksum)"
	case errors.As(err, &unsupported):
		return fmt.Sprintf("%s (this model cannot be run yet)", text)
	case errors.As(err, &bind):
		return text + " (the file is not the model it says it is, or a variant that cannot be run yet)"
	case errors.Is(err, mem.ErrLimit), errors.Is(err, backend.ErrCacheFull):
		return text + " (not enough memory: a smaller file or context may fit)"
	case errors.Is(err, model.ErrContextFull):
		return text + " (shorten the prompt)"
	case errors.Is(err, model.ErrNoChatTemplate):
		return text + " (use -raw to complete the prompt as it is)"
	}
	return text
}
