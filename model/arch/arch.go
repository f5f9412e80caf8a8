package arch

import (
	"errors"
	"fmt"
	"strings"

	"github.com/seed64708441/ember/ops"
)

// ErrUnsupportedArch is what errors.Is finds when the architecture a file names is not in the table.
var ErrUnsupportedArch = errors.New("arch: unsupported architecture")

// UnsupportedError names the architecture that is not in the table and those that are.
type UnsupportedError struct {
	Name      string
	Supported []string
}

// Error says what was found and what was expected.
func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("arch: unsupported architecture %q: want one of %s", e.Name, strings.Join(e.Supported, ", "))
}

// Is reports whether target is [ErrUnsupportedArch].
func (e *UnsupportedError) Is(target error) bool { return target == ErrUnsupportedArch }

// ConfigError lists every problem of the metadata of a file.
type ConfigError struct {
	// Arch is the architecture the file names, "" when it names none.
	Arch     string
	Problems []string
	// Variant says that a problem is a key that asks for a variant of the architecture that is not supported.
	Variant bool
}

// Is reports whether target is [ErrUnsupportedArch] and the file a variant that is not supported.
func (e *ConfigError) Is(target error) bool { return e.Variant && target == ErrUnsupportedArch }

// Error joins the problems.
func (e *ConfigError) Error() string {
	where := "arch"
	if e.Arch != "" {
		where += ": " + e.Arch
	}
	return where + ": " + strings.Join(e.Problems, "; ")
}

// keyArchitecture names the family; all other keys of a config begin with its value.
const keyArchitecture = "general.architecture"

// network is a checked config that can write itself as a graph.
type network interface {
	config() *Config
	// graph returns the logits [O V].
	graph(b *ops.Builder) ops.Value
}

// table has a row per architecture: the name in files, and the constructor, which notes every problem in the reader.
// The network is used only when there was none.
var table = [...]struct {
	name string
	make func(r *reader) network
}{
	{"llama", newLlama},
	{"qwen2", newQwen2},
	{"qwen3", newQwen3},
}

// Names returns the architectures in the order of the table.
func Names() []string {
	names := make([]string, len(table))
	for i, row := range table {
		names[i] = row.name
	}
	return names
}

// Model is an architecture with the numbers of one file. It is immutable.
type Model struct {
	// Graph declares the weights to bind.
	Graph *ops.Graph
	// Config has the numbers the graph was made from.
	Config Config
	// Known names the tensors of the file that the graph does not declare although they are no surprise: those read
	// into constants, and those that converters write and the model has no use for.
	Known []string
}

// New reads the config of a file and builds its graph. The error is a [*UnsupportedError], or a [*ConfigError] with
// every problem found.
func New(f File) (*Model, error) {
	name, err := f.Meta.String(keyArchitecture)
	if err != nil {
		return nil, &ConfigError{Problems: []string{err.Error()}}
	}
	for _, row := range table {
		if row.name != name {
			continue
		}
		r := newReader(f, name)
		n := row.make(r)
		if len(r.problems) > 0 {
			return nil, &ConfigError{Arch: name, Problems: r.problems, Variant: r.variant}
		}
		b := ops.NewBuilder()
		g, err := b.Build(n.graph(b))
		if err != nil {
			return nil, &ConfigError{Arch: name, Problems: []string{err.Error()}}
		}
		return &Model{Graph: g, Config: *n.config(), Known: r.known}, nil
	}
	return nil, &UnsupportedError{Name: name, Supported: Names()}
}
