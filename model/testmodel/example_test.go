package testmodel_test

import (
	"bytes"
	"fmt"

	"github.com/seed64708441/ember/model/gguf"
	"github.com/seed64708441/ember/model/testmodel"
)

func ExampleShape() {
	c := testmodel.Llama1B()
	c.Layers, c.Vocab, c.Mix = 1, 512, testmodel.Q4_K_M // a slice of the 1B model
	m, err := testmodel.Shape(c)
	if err != nil {
		fmt.Println(err)
		return
	}
	b, err := m.Bytes()
	if err != nil {
		fmt.Println(err)
		return
	}
	f, err := gguf.NewFile(bytes.NewReader(b), int64(len(b)), gguf.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	t, _ := f.Tensor("blk.0.ffn_down.weight")
	fmt.Println(t.DType, t.Shape)
	// Output: Q6_K [2048 8192]
}

func ExampleWired() {
	w, err := testmodel.Wired(testmodel.WiredConfig{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%q goes on %q\n", w.Fact(0, 0)+w.Fact(1, 1)+" "+w.Keys[0], " "+w.Values[0]+".")
	// Output: " Anna Oslo. Ben Lima. Anna" goes on " Oslo."
}
