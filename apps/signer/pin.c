/*
 * apps/signer/pin.c - PIN of a token, from a file or from the terminal, without echo.
 */
#include "apps/signer/pin.h"

#include "base/file/file.h"
#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* A PIN of one line, with or without the newline that editors append. */
static bool take_line(struct assay_pin *pin, size_t len)
{
    const uint8_t *const newline = memchr(pin->bytes, '\n', len);
    pin->len = newline != NULL ? (size_t)(newline - pin->bytes) : len;
    const bool is_line = newline == NULL || pin->len + 1 == len;
    return is_line && pin->len > 0 && memchr(pin->bytes, '\0', pin->len) == NULL;
}

bool assay_pin_read(const char *path, struct assay_pin *pin, struct assay_signer_fault *fault)
{
    size_t len = 0;
    char why[ASSAY_FILE_MESSAGE_LEN];
    const enum assay_status status =
        assay_file_read_secret(path, pin->bytes, sizeof pin->bytes, &len);
    pin->len = 0;
    if (status == ASSAY_OK && take_line(pin, len)) return true;
    assay_secret_wipe(pin, sizeof *pin);
    if (status == ASSAY_OK)
        return assay_signer_fail(fault, ASSAY_SIGNER_USAGE,
                                 "pin-source %.200s: expected one line with the PIN", path);
    if (status == ASSAY_E_NOT_FOUND)
        return assay_signer_fail(fault, ASSAY_SIGNER_NOT_FOUND, "pin-source %.200s: no such file",
                                 path);
    if (assay_file_secret_fault(path, why))
        return assay_signer_fail(fault, ASSAY_SIGNER_USAGE, "pin-source: %s", why);
    return assay_signer_fail(fault, ASSAY_SIGNER_USAGE, "pin-source %.200s: %s", path,
                             status == ASSAY_E_RANGE ? "longer than a PIN"
                                                     : assay_status_text(status));
}

/* ------------------------------------------------------------ the terminal */

static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP };
enum { SIGNALS = sizeof signals / sizeof signals[0] };
static volatile sig_atomic_t arrived; /* the signal that interrupted the prompt */

static void note_signal(int number)
{
    arrived = number;
}

/* Reads one line, or until a signal. Returns: its bytes; 0 for none. */
static size_t read_line(int terminal, uint8_t *bytes, size_t capacity)
{
    size_t len = 0;
    bool too_long = false;
    for (;;) {
        uint8_t byte = 0;
        const ssize_t n = read(terminal, &byte, 1);
        if (n < 0 && errno == EINTR && arrived == 0) continue;
        if (n <= 0) return 0;
        if (byte == '\n') return too_long ? 0 : len;
        too_long = too_long || len == capacity;
        if (!too_long) bytes[len++] = byte;
    }
}

/* The line, while the terminal does not show it. */
static size_t read_hidden(int terminal, const char *prompt, uint8_t *bytes, size_t capacity)
{
    struct sigaction before[SIGNALS];
    struct termios shown, hidden;
    if (tcgetattr(terminal, &shown) != 0) return 0;
    const struct sigaction action = { .sa_handler = note_signal }; /* no SA_RESTART: read ends */
    arrived = 0;
    for (size_t i = 0; i < SIGNALS; i++)
        (void)sigaction(signals[i], &action, &before[i]);
    hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
    hidden.c_lflag |= ICANON;
    size_t len = 0;
    if (tcsetattr(terminal, TCSAFLUSH, &hidden) == 0 && dprintf(terminal, "%s", prompt) > 0)
        len = read_line(terminal, bytes, capacity);
    (void)tcsetattr(terminal, TCSAFLUSH, &shown);
    (void)dprintf(terminal, "\n");
    for (size_t i = 0; i < SIGNALS; i++)
        (void)sigaction(signals[i], &before[i], NULL);
    if (arrived != 0) (void)raise((int)arrived);
    return len;
}

bool assay_pin_prompt(const char *prompt, struct assay_pin *pin, struct assay_signer_fault *fault)
{
    pin->len = 0;
    const int terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (terminal < 0)
        return assay_signer_fail(fault, ASSAY_SIGNER_USAGE,
                                 "the token needs a PIN, and there is no terminal to enter it: "
                                 "expected ?pin-source=/FILE in the URI, a file of mode 0600 with "
                                 "the PIN");
    const size_t len = read_hidden(terminal, prompt, pin->bytes, ASSAY_PIN_MAX);
    (void)close(terminal);
    if (len > 0 && take_line(pin, len)) return true;
    assay_secret_wipe(pin, sizeof *pin);
    return assay_signer_fail(fault, ASSAY_SIGNER_DENIED, "no PIN was entered");
}
