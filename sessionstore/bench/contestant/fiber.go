package contestant

import (
	"net"
	"strings"

	"github.com/gofiber/fiber/v3"
	"github.com/gofiber/fiber/v3/middleware/session"
	"github.com/gofiber/storage/redis/v3"
)

// onFiber serves the same app on Fiber, because its sessions work only there. The
// middleware loads the session before the handler and saves it after.
func onFiber(l net.Listener, redisAddr string) error {
	app := fiber.New()
	app.Get("/healthz", func(c fiber.Ctx) error { return c.SendString("ok\n") })
	app.Use(session.New(session.Config{
		Storage:     redis.NewFromConnection(newClient(redisAddr)),
		IdleTimeout: IdleTimeout, AbsoluteTimeout: MaxAge,
	}))
	app.Get("/", fiberVisit)
	app.Post("/login", fiberLogin)
	app.Post("/logout", fiberLogout)
	return app.Listener(l, fiber.ListenConfig{DisableStartupMessage: true})
}

func fiberVisit(c fiber.Ctx) error {
	s := session.FromContext(c)
	username, _ := s.Get("username").(string)
	if username == "" {
		return c.SendString("You are not logged in\n")
	}
	before, _ := s.Get("visits").(int64)
	s.Set("visits", before+1)
	return c.SendString(page(username, before+1))
}

func fiberLogin(c fiber.Ctx) error {
	s := session.FromContext(c)
	if err := s.Regenerate(); err != nil {
		return err
	}
	// The strings of Fiber are valid only until the handler returns.
	s.Set("username", strings.Clone(c.FormValue("username")))
	return c.Redirect().Status(fiber.StatusSeeOther).To("/")
}

func fiberLogout(c fiber.Ctx) error {
	if err := session.FromContext(c).Destroy(); err != nil {
		return err
	}
	return c.Redirect().Status(fiber.StatusSeeOther).To("/")
}
