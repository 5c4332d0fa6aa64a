package config

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// Getenv returns a variable as Load reads it: without surrounding spaces, quotes
// and invisible characters. A HOST that is no address is empty, because another
// program has set it.
func Getenv(name string) string { return (&reader{getenv: os.Getenv}).fromEnvironment(name) }

// clean removes what an editor, a file or a shell left around a value: spaces, line
// ends, a byte order mark, and quotes.
func clean(value string) string {
	invisible := func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsGraphic(r) }
	value = strings.TrimFunc(value, invisible)
	if quoted := inQuotes.FindStringSubmatch(value); quoted != nil {
		value = strings.TrimFunc(cmp.Or(quoted[1:]...), invisible)
	}
	return value
}

var inQuotes = regexp.MustCompile(`^(?:"(.*)"|'(.*)'|“(.*)”)$`)

// reader collects the settings and all problems with them.
type reader struct {
	flags  *flag.FlagSet
	getenv func(string) string
	apply  []func()
	errs   []error
	// hostIgnored reports whether another program has set HOST.
	hostIgnored bool
}

func (r *reader) text(name, variable, fallback, usage string, set func(string) error) {
	// The default of the flag is empty and not the value of the variable, because -h
	// prints defaults.
	value := r.flags.String(name, "", usage+". Variable: "+variable)
	r.apply = append(r.apply, func() {
		r.check(variable, set(cmp.Or(clean(*value), r.fromEnvironment(variable), fallback)))
	})
}

func (r *reader) boolean(name, variable, usage string, target *bool) {
	on, err := strconv.ParseBool(cmp.Or(r.fromEnvironment(variable), "false"))
	if err != nil {
		r.check(variable, errors.New("this is neither true nor false"))
	}
	r.flags.BoolVar(target, name, on, usage+". Variable: "+variable)
}

func (r *reader) fromEnvironment(variable string) string {
	value := clean(r.getenv(variable))
	// Conda and tcsh set HOST to the name of the machine.
	if variable == "HOST" && value != "" && !isAddress(value) {
		r.hostIgnored = true
		return ""
	}
	return value
}

func (r *reader) parse(args []string) error {
	err := ParseFlags(r.flags, args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Println("Settings, as a flag or as an environment variable (the flag wins):")
		r.flags.SetOutput(os.Stdout)
		r.flags.PrintDefaults()
		return err
	case err == nil && r.flags.NArg() > 0:
		err = fmt.Errorf("word %d is not a flag, which begins with -. A value with a space in it needs quotes", len(args)-r.flags.NArg()+1)
	}
	if err != nil {
		r.errs = append(r.errs, fmt.Errorf("%w (-h lists the settings)", err))
	}
	for _, apply := range r.apply {
		apply()
	}
	return nil
}

func (r *reader) check(variable string, err error) {
	if err != nil {
		r.errs = append(r.errs, fmt.Errorf("%s: %w", variable, err))
	}
}

// flagAtEnd finds the name of a flag in the errors of package flag.
var flagAtEnd = regexp.MustCompile(` (-[a-z][a-z-]*)(?:: (?:parse error|value out of range))?$`)

// ParseFlags is flags.Parse without its output. The error names the flag and
// repeats no value, which may be a password; it is flag.ErrHelp for -h.
func ParseFlags(flags *flag.FlagSet, args []string) error {
	flags.SetOutput(io.Discard)
	err := flags.Parse(args)
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return err
	}
	if found := flagAtEnd.FindStringSubmatch(err.Error()); found != nil {
		return fmt.Errorf("the flag %s is unknown, or its value is missing or invalid", found[1])
	}
	return errors.New("a flag is unknown")
}
