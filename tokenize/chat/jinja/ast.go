package jinja

// expr is an expression; eval returns its value.
type expr interface {
	eval(m *machine, f *frame) (Value, error)
}

// stmt is a statement; exec writes its output to the machine's current buffer.
type stmt interface {
	exec(m *machine, f *frame) (control, error)
}

// control says how a statement ended.
type control uint8

const (
	ctlNone control = iota
	ctlBreak
	ctlContinue
)

// Expressions. The line is that of the operator or, for names, of the name.
type (
	constExpr struct{ v Value }
	nameExpr  struct {
		name     string
		line     int
		up, slot int // frames to go out, and place there; set by the resolver
	}
	seqExpr struct { // [a, b] or (a, b)
		items []expr
		tuple bool
	}
	dictExpr struct{ keys, vals []expr }
	condExpr struct {
		test, then, els expr // els may be nil
		line            int
	}
	logicExpr struct { // and, or
		or          bool
		left, right expr
	}
	notExpr     struct{ x expr }
	compareExpr struct {
		first expr
		ops   []operand
		line  int
	}
	binExpr struct {
		op          string
		left, right expr
		line        int
	}
	concatExpr struct { // a ~ b ~ c
		parts []expr
		line  int
	}
	signExpr struct { // +x, -x
		minus bool
		x     expr
		line  int
	}
	attrExpr struct { // x.name
		x    expr
		name string
		line int
	}
	itemExpr struct { // x[arg]
		x, arg expr
		line   int
	}
	sliceExpr struct { // x[a:b:c], where each may be nil
		x, start, stop, step expr
		line                 int
	}
	callExpr struct {
		fn   expr
		args callArgs
		line int
	}
	filterExpr struct {
		x    expr // nil in a filter block: the block's text
		name string
		f    *filter // nil: unknown, an error when evaluated
		args callArgs
		line int
	}
	testExpr struct {
		x    expr
		name string
		t    *test // nil: unknown, an error when evaluated
		args callArgs
		line int
	}
	nsExpr struct { // ns.attr as the target of set
		ns   *nameExpr
		attr string
	}
)

type operand struct {
	op string // == != < <= > >= in "not in"
	x  expr
}

// callArgs are the arguments of a call as written.
type callArgs struct {
	pos         []expr
	names       []string // of kw
	kw          []expr
	star, dstar expr // *x and **x, may be nil
}

// Statements.
type (
	outputStmt struct {
		parts []expr
		lines []int
	}
	textStmt string
	ifStmt   struct {
		tests  []expr
		bodies [][]stmt
		els    []stmt
		line   int
	}
	forStmt struct {
		target    expr
		iter      expr
		test      expr // may be nil
		body, els []stmt
		recursive bool
		extended  bool // the body uses the variable loop, which has slot 0
		line      int

		bodyFrame, testFrame, elseFrame *scope
	}
	setStmt struct {
		target expr
		value  expr
		line   int
	}
	setBlockStmt struct {
		target expr
		filter expr // may be nil; its innermost x is nil
		body   []stmt
		line   int
		frame  *scope
	}
	filterBlockStmt struct {
		filter expr
		body   []stmt
		line   int
		frame  *scope
	}
	withStmt struct {
		targets []expr
		values  []expr
		body    []stmt
		line    int
		frame   *scope
	}
	macroStmt struct {
		def    *macroDef
		target *nameExpr
	}
	callBlockStmt struct {
		def  *macroDef // the block, as the macro "caller"
		call *callExpr // nil for generation: the block itself is called
		line int
	}
	loopControlStmt struct {
		ctl  control
		line int
	}
)

// macroDef is the code of a macro or call block.
type macroDef struct {
	name     string // "" for a call block
	args     []*nameExpr
	defaults []expr // of the last arguments
	body     []stmt
	line     int
	frame    *scope

	caller, varargs, kwargs int // slots of the special variables, -1 where the body does not use them
	explicitCaller          bool
}
