package model

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/seed64708441/ember/backend"
	"github.com/seed64708441/ember/model/arch"
	"github.com/seed64708441/ember/model/gguf"
	"github.com/seed64708441/ember/tensor/mem"
	"github.com/seed64708441/ember/tokenize"
)

// Open opens a GGUF file and makes it ready to run. The parts of a split file are found beside the one named. Errors are
// those of package gguf for a malformed file, [ErrUnsupportedArch], a [*BindError] for tensors that do not fit the
// architecture, backend.ErrUnsupported, mem.ErrLimit when Config.MemoryLimit is too small, or the error of ctx.
func Open(ctx context.Context, path string, c Config) (*Model, error) {
	return open(ctx, c, func() (*gguf.File, error) { return gguf.Open(path, gguf.Options{NoMmap: c.NoMmap}) })
}

// OpenFS is Open for a file of a file system, such as one embedded in the program.
func OpenFS(ctx context.Context, fsys fs.FS, name string, c Config) (*Model, error) {
	return open(ctx, c, func() (*gguf.File, error) { return gguf.OpenFS(fsys, name, gguf.Options{NoMmap: c.NoMmap}) })
}

// OpenReader is Open for size bytes of r, which must stay readable until the model is closed.
func OpenReader(ctx context.Context, r io.ReaderAt, size int64, c Config) (*Model, error) {
	return open(ctx, c, func() (*gguf.File, error) { return gguf.NewFile(r, size, gguf.Options{}) })
}

func open(ctx context.Context, c Config, file func() (*gguf.File, error)) (_ *Model, err error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	f, err := file()
	if err != nil {
		return nil, err
	}
	l, err := prepare(f, c)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	m, err := l.load(ctx)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return m, nil
}

// loading is a file on its way to a model: everything that can be known without reading weights.
type loading struct {
	config  Config
	file    *gguf.File
	arch    *arch.Model
	weights backend.Weights
	backend backend.Backend
	tok     *tokenize.Tokenizer
	context int
}

// prepare checks metadata, tokenizer and tensors.
func prepare(f *gguf.File, c Config) (*loading, error) {
	l := &loading{config: c, file: f}
	var err error
	if l.arch, err = arch.New(archFile(f)); err != nil {
		return nil, err
	}
	if l.weights, err = bind(f, l.arch); err != nil {
		return nil, err
	}
	tc, err := tokenize.ConfigFromGGUF(f.Meta())
	if err != nil {
		return nil, err
	}
	if l.tok, err = tokenize.New(tc); err != nil {
		return nil, err
	}
	if n := l.tok.Vocab(); n > l.arch.Config.Vocab {
		return nil, fmt.Errorf("model: the tokenizer has %d tokens, the model %d", n, l.arch.Config.Vocab)
	}
	l.context = l.arch.Config.Context
	if c.ContextTokens > l.context {
		return nil, fmt.Errorf("model: Config.ContextTokens is %d, the model was trained with %d", c.ContextTokens, l.context)
	}
	if c.ContextTokens > 0 {
		l.context = c.ContextTokens
	}
	l.backend, err = c.backend()
	return l, err
}

// options are those of the compilation.
func (l *loading) options(account *mem.Account) backend.Options {
	return backend.Options{
		MaxRows: l.config.stepRows(), MaxOutputs: l.config.stepOutputs(), Memory: account, Progress: l.config.Progress,
	}
}

// load compiles the model and starts its scheduler.
func (l *loading) load(ctx context.Context) (_ *Model, err error) {
	account := &mem.Account{Limit: l.config.MemoryLimit}
	m := &Model{
		config: l.config, file: l.file, arch: l.arch, tok: l.tok, backend: l.backend, context: l.context,
		memory: account, sessions: map[*Session]struct{}{},
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, m.release())
		}
	}()
	m.template = newTemplate(l.file.Meta(), l.tok)
	if m.program, err = l.backend.Compile(ctx, l.arch.Graph, l.weights, l.options(account)); err != nil {
		return nil, err
	}
	if m.cache, err = m.program.NewCache(l.config.Cache, maxPages); err != nil {
		return nil, err
	}
	outs := l.config.stepOutputs()
	if m.logits, err = newFloats(account, outs, l.arch.Config.Vocab); err != nil {
		return nil, fmt.Errorf("model: logits: %w", err)
	}
	m.start(outs)
	return m, nil
}
