package deploy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// stack is a template evaluated for one choice of its parameters: the resources
// and outputs that exist, without functions. A value that only AWS knows is
// "ref:Name" or "att:Name.Attribute".
type stack struct {
	parameters map[string]any
	resources  map[string]resource
	outputs    map[string]any
	// refused are the failed assertions of the Rules.
	refused []string
}

type resource struct {
	kind       string
	attributes map[string]any // such as DeletionPolicy
	properties map[string]any
}

// noValue is the value of AWS::NoValue: the property does not exist.
type noValue struct{}

// resolver evaluates the functions of a template
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html).
type resolver struct {
	template map[string]any
	stack    stack
}

// read parses a template.
func read(template []byte) (map[string]any, error) {
	var node yaml.Node
	if err := yaml.Unmarshal(template, &node); err != nil {
		return nil, err
	}
	return plain(node.Content[0]).(map[string]any), nil
}

// resolve evaluates a template. choice overrides the defaults of parameters. It
// returns an error if CloudFormation would refuse the template for this choice,
// for example because a name does not exist.
func resolve(template map[string]any, choice map[string]string) (s stack, err error) {
	r := resolver{template: template}
	r.stack = stack{parameters: map[string]any{}, resources: map[string]resource{}, outputs: map[string]any{}}
	// A fault deep inside an expression ends the evaluation. So does an
	// argument of the wrong type.
	defer func() {
		switch problem := recover().(type) {
		case nil:
		case refusal:
			err = problem
		default:
			err = fmt.Errorf("the template cannot be evaluated: %v", problem)
		}
	}()
	r.readParameters(choice)
	r.readRules()
	for name, body := range r.section("Resources") {
		if r.exists(body.(map[string]any)) {
			r.stack.resources[name] = resource{kind: body.(map[string]any)["Type"].(string)}
		}
	}
	for name := range r.stack.resources {
		r.readResource(name)
	}
	for name, body := range r.section("Outputs") {
		if output := body.(map[string]any); r.exists(output) {
			r.stack.outputs[name] = r.value(output["Value"])
		}
	}
	return r.stack, nil
}

// refusal is the reason why CloudFormation would refuse a template.
type refusal string

func (r refusal) Error() string { return string(r) }

func fail(format string, args ...any) { panic(refusal(fmt.Sprintf(format, args...))) }

// plain converts YAML to maps, lists and scalars, and short forms of functions
// to long ones.
func plain(node *yaml.Node) any {
	var value any
	switch node.Kind {
	case yaml.MappingNode:
		table := map[string]any{}
		for i := 0; i < len(node.Content); i += 2 {
			table[node.Content[i].Value] = plain(node.Content[i+1])
		}
		value = table
	case yaml.SequenceNode:
		list := []any{}
		for _, item := range node.Content {
			list = append(list, plain(item))
		}
		value = list
	default:
		// All scalars become text, as AWS receives them.
		value = node.Value
	}
	name, short := strings.CutPrefix(node.Tag, "!")
	switch {
	case !short || strings.HasPrefix(name, "!"):
		return value
	case name == "Ref" || name == "Condition":
		return map[string]any{name: value}
	case name == "GetAtt":
		resource, attribute, _ := strings.Cut(value.(string), ".")
		value = []any{resource, attribute}
	}
	return map[string]any{"Fn::" + name: value}
}

func (r *resolver) section(name string) map[string]any {
	section, _ := r.template[name].(map[string]any)
	return section
}

// exists reports whether the condition of a resource or an output holds.
func (r *resolver) exists(body map[string]any) bool {
	name, has := body["Condition"].(string)
	return !has || r.condition(name)
}

func (r *resolver) readResource(name string) {
	body := r.section("Resources")[name].(map[string]any)
	read := resource{kind: body["Type"].(string), attributes: map[string]any{}}
	for key, value := range body {
		switch key {
		case "Properties":
			read.properties, _ = r.value(value).(map[string]any)
		case "DependsOn":
			r.mustExist(value.(string))
		default:
			read.attributes[key] = value
		}
	}
	r.stack.resources[name] = read
}

func (r *resolver) condition(name string) bool {
	expression, declared := r.section("Conditions")[name]
	if !declared {
		fail("there is no condition %s", name)
	}
	return r.truth(expression)
}

func (r *resolver) truth(expression any) bool { return r.value(expression) == "true" }

func (r *resolver) mustExist(name string) {
	if _, exists := r.stack.resources[name]; !exists {
		fail("%s does not exist for this choice of parameters", name)
	}
}

// value evaluates an expression to maps, lists and text.
func (r *resolver) value(expression any) any {
	switch e := expression.(type) {
	case []any:
		list := []any{}
		for _, item := range e {
			if v := r.value(item); v != (any)(noValue{}) {
				list = append(list, v)
			}
		}
		return list
	case map[string]any:
		if len(e) == 1 {
			for name, argument := range e {
				if name == "Ref" || name == "Condition" || strings.HasPrefix(name, "Fn::") {
					return r.call(strings.TrimPrefix(name, "Fn::"), argument)
				}
			}
		}
		table := map[string]any{}
		for key, item := range e {
			if v := r.value(item); v != (any)(noValue{}) {
				table[key] = v
			}
		}
		return table
	}
	return expression
}

func (r *resolver) call(function string, argument any) any {
	list, _ := argument.([]any)
	switch function {
	case "Ref":
		return r.ref(argument.(string))
	case "GetAtt":
		r.mustExist(list[0].(string))
		return fmt.Sprintf("att:%s.%s", list[0], list[1])
	case "Condition":
		return fmt.Sprint(r.condition(argument.(string)))
	case "If":
		if r.condition(list[0].(string)) {
			return r.value(list[1])
		}
		return r.value(list[2])
	case "Equals":
		return fmt.Sprint(r.value(list[0]) == r.value(list[1]))
	case "Not":
		return fmt.Sprint(!r.truth(list[0]))
	case "And":
		return fmt.Sprint(!slices.ContainsFunc(list, func(e any) bool { return !r.truth(e) }))
	case "Or":
		return fmt.Sprint(slices.ContainsFunc(list, r.truth))
	case "Contains":
		return fmt.Sprint(slices.Contains(r.value(list[0]).([]any), r.value(list[1])))
	case "Sub":
		return r.sub(argument)
	case "FindInMap":
		return r.find(list)
	case "Select":
		from, index := r.value(list[1]).([]any), int(list[0].(string)[0]-'0')
		if index >= len(from) {
			fail("Select %d of %d values", index, len(from))
		}
		return from[index]
	case "GetAZs":
		return []any{"zone-a", "zone-b"}
	case "Base64":
		return r.value(argument)
	}
	fail("this test does not know the function %s", function)
	return nil
}

func (r *resolver) ref(name string) any {
	if name == "AWS::NoValue" {
		return noValue{}
	}
	if strings.HasPrefix(name, "AWS::") {
		return strings.ToLower(strings.TrimPrefix(name, "AWS::"))
	}
	if value, isParameter := r.stack.parameters[name]; isParameter {
		return value
	}
	r.mustExist(name)
	return "ref:" + name
}

var placeholder = regexp.MustCompile(`\$\{([A-Za-z0-9:.]+)\}`)

func (r *resolver) sub(argument any) string {
	text, own := argument, map[string]any{}
	if list, both := argument.([]any); both {
		text, own = list[0], list[1].(map[string]any)
	}
	return placeholder.ReplaceAllStringFunc(text.(string), func(match string) string {
		name := match[2 : len(match)-1]
		if value, given := own[name]; given {
			return r.value(value).(string)
		}
		if resource, attribute, isAttribute := strings.Cut(name, "."); isAttribute {
			return r.call("GetAtt", []any{resource, attribute}).(string)
		}
		return r.ref(name).(string)
	})
}

func (r *resolver) find(path []any) any {
	var found any = r.template["Mappings"]
	for _, key := range path {
		table, _ := found.(map[string]any)
		value, has := table[r.value(key).(string)]
		if !has {
			fail("the mappings have no %v", path)
		}
		found = value
	}
	return found
}
