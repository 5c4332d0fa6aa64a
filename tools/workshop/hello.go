package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"example.com/session-workshop/tools/board"
	"example.com/session-workshop/tools/internal/foreign"
)

// runHello puts a learner's name on the class board, before the first check.
func runHello(ctx context.Context, args []string) error {
	flags := newFlags("hello [-board URL] [-name NAME]\n  puts your name on the class board, and so tests the network")
	address := flags.String("board", "", "`address` of the class board. Variable: BOARD")
	name := flags.String("name", "", "your `name` on the board. Variable: NAME")
	if err := parseOnly(flags, args); err != nil {
		return err
	}
	sayForeign("BOARD", *address == "")
	sayForeign("NAME", *name == "")
	*address, *name = cmp.Or(*address, foreign.Getenv("BOARD")), cmp.Or(*name, foreign.Getenv("NAME"))
	if *address == "" {
		return errors.New("BOARD: type the address that the board shows, for example make hello BOARD=http://192.168.1.20:5050/k7f3qz NAME=ada")
	}
	if err := board.Send(ctx, *address, board.Progress{Name: *name, State: board.Hello}); err != nil {
		return err
	}
	fmt.Printf("The board knows: %s is here. Your network is ready.\n", *name)
	return nil
}
