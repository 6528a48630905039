/*
 * apps/assay/core/terminal.c - terminal capabilities and the full-screen mode of live views.
 */
#include "apps/assay/core/terminal.h"

#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

/* ------------------------------------------------------------ what it can show */

struct assay_terminal cli_terminal_look(void)
{
    struct winsize size = { 0 };
    const char *const no_color = getenv("NO_COLOR"), *const term = getenv("TERM");
    const bool tty = isatty(STDOUT_FILENO) == 1;
    struct assay_terminal t = { .columns = 80, .lines = 24 };
    (void)setlocale(LC_CTYPE, "");
    t.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    (void)setlocale(LC_CTYPE, "C"); /* what is printed elsewhere does not depend on it */
    t.colours = tty && (no_color == NULL || no_color[0] == '\0') && term != NULL &&
                strcmp(term, "dumb") != 0;
    if (tty && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        t.columns = size.ws_col;
        t.lines = size.ws_row;
    }
    return t;
}

static const struct {
    const char *word, *utf8, *ascii, *colour;
} conditions[] = {
    { "FULL", "\xe2\x97\x8f", "*", "\x1b[36m" },        /* filled circle */
    { "WARNING", "\xe2\x96\xb2", "!", "\x1b[33m" },     /* triangle */
    { "RESTRICTED", "\xe2\x97\x86", "#", "\x1b[35m" },  /* diamond */
    { "SUSPENDED", "\xe2\x96\xa0", "x", "\x1b[31m" },   /* square */
    { "OFFLINE", "\xe2\x97\x8c", "?", "\x1b[90m" },     /* dotted circle */
    { "MAINTENANCE", "\xe2\x97\x87", "m", "\x1b[34m" }, /* empty diamond */
    { "DRAINED", "\xe2\x96\xa1", "d", "\x1b[34m" },     /* empty square */
    { NULL, "\xe2\x97\x8b", "o", "" },                  /* empty circle: any other */
};

static size_t place_of(const char *condition)
{
    size_t i = 0;
    while (conditions[i].word != NULL && strcmp(condition, conditions[i].word) != 0)
        i++;
    return i;
}

const char *cli_terminal_glyph(const struct assay_terminal *t, const char *condition)
{
    const size_t place = place_of(condition);
    return t->utf8 ? conditions[place].utf8 : conditions[place].ascii;
}

const char *cli_terminal_colour(const struct assay_terminal *t, const char *condition)
{
    return t->colours ? conditions[place_of(condition)].colour : "";
}

const char *cli_terminal_plain(const struct assay_terminal *t)
{
    return t->colours ? "\x1b[0m" : "";
}

const char *cli_terminal_bar(const struct assay_terminal *t, unsigned long long bp, unsigned cells,
                             char *text)
{
    const char *const full = t->utf8 ? "\xe2\x96\x88" : "#", *const empty =
                                                                 t->utf8 ? "\xc2\xb7" : ".";
    size_t at = 0;
    for (unsigned i = 0; i < cells; i++)
        at += (size_t)snprintf(text + at, 4, "%s", i < bp * cells / 10000 ? full : empty);
    return text;
}

void cli_terminal_put(const struct assay_terminal *t, const char *line, FILE *out)
{
    int shown = 0;
    for (const char *c = line; *c != '\0';) {
        size_t len = 1;
        if (*c == '\x1b') len += strcspn(c, "m"); /* colours alone */
        else
            while (((unsigned char)c[len] & 0xc0) == 0x80)
                len++;
        if (*c == '\x1b' || shown++ < t->columns) (void)fwrite(c, 1, len, out);
        c += len;
    }
    (void)fputs(cli_terminal_plain(t), out);
}

/* ------------------------------------------------------------ the screen */

static const char enter_text[] = "\x1b[?1049h\x1b[?25l";
static const char leave_text[] = "\x1b[?25h\x1b[0m\x1b[?1049l";

/* Handlers can reach nothing else. */
static struct {
    volatile sig_atomic_t taken, ends;
    struct termios before, keys;
} screen;

/* Of calls that handlers may make. */
static void enter_screen(void)
{
    (void)tcsetattr(STDIN_FILENO, TCSANOW, &screen.keys);
    const ssize_t wrote = write(STDOUT_FILENO, enter_text, sizeof enter_text - 1);
    (void)wrote;
    screen.taken = 1;
}

static void leave_screen(void)
{
    if (!screen.taken) return;
    screen.taken = 0;
    (void)tcsetattr(STDIN_FILENO, TCSANOW, &screen.before);
    const ssize_t wrote = write(STDOUT_FILENO, leave_text, sizeof leave_text - 1);
    (void)wrote;
}

static void on_end(int number)
{
    (void)number;
    screen.ends = 1;
}

/* Crash or resource limit: restore the terminal first, then raise the signal again. */
static void on_fault(int number)
{
    leave_screen();
    (void)signal(number, SIG_DFL);
    (void)raise(number);
}

/* Ctrl-Z: the shell gets its terminal, and it is taken again afterwards. */
static void on_stop(int number)
{
    (void)number;
    leave_screen();
    (void)raise(SIGSTOP);
    enter_screen();
}

static void catch_signal(int number, void (*handler)(int))
{
    const struct sigaction action = { .sa_handler = handler };
    (void)sigaction(number, &action, NULL);
}

bool cli_screen_open(void)
{
    static const int ends[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE };
    static const int faults[] = { SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGXCPU };
    if (isatty(STDIN_FILENO) != 1 || isatty(STDOUT_FILENO) != 1) return false;
    if (tcgetattr(STDIN_FILENO, &screen.before) != 0) return false;
    screen.keys = screen.before;
    screen.keys.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    screen.keys.c_cc[VMIN] = 0;
    screen.keys.c_cc[VTIME] = 0;
    (void)atexit(leave_screen);
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        catch_signal(ends[i], on_end);
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
        catch_signal(faults[i], on_fault);
    catch_signal(SIGTSTP, on_stop);
    enter_screen();
    return true;
}

void cli_screen_close(void)
{
    leave_screen();
}

int cli_screen_key(int timeout_ms)
{
    struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
    char key = 0;
    if (screen.ends) return -1;
    const int count = poll(&input, 1, timeout_ms);
    if (screen.ends) return -1;
    if (count <= 0) return 0;
    const ssize_t got = read(STDIN_FILENO, &key, 1);
    /* At end of input no more keys can arrive. */
    return got == 1 ? (unsigned char)key : -1;
}
