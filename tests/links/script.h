/*
 * tests/links/script.h - script of the links of a test network.
 *
 * What a link is to do, and when: one command a line.
 *
 *   seed NUMBER
 *   host NAME                        (all of them before the first link; at most 16)
 *   link FROM TO RULE...             FROM, TO: NAME[,NAME...] or *
 *   both ONE OTHER RULE...           the same in both ways
 *   address NAME NUMBER              the host's address ends in .NUMBER from now on
 *   say TEXT...                      a line of the output
 *   quit                             the end
 *   at MILLISECONDS COMMAND          link, both, address, say or quit, so long after the start
 *
 * RULE: delay MS, jitter MS, loss PERCENT, duplicate PERCENT, rate KBIT, mtu BYTES, cut, heal,
 * silent (what is larger than the mtu vanishes without a word), clear (all as at the beginning).
 * Lines that begin with # are comments.
 */
#ifndef ASSAY_TESTS_LINKS_SCRIPT_H
#define ASSAY_TESTS_LINKS_SCRIPT_H

#include "tests/links/model.h"

enum { LINK_HOSTS_MAX = 16, LINK_NAME_MAX = 16, LINK_LATER_MAX = 256, LINK_LINE_MAX = 256 };

struct link_script {
    uint64_t seed;
    uint32_t host_count;
    char hosts[LINK_HOSTS_MAX][LINK_NAME_MAX];
    struct link_rule rules[LINK_HOSTS_MAX][LINK_HOSTS_MAX];
    uint32_t later_count; /* sorted by time, first come first */
    struct link_later {
        uint64_t at_ms;
        char line[LINK_LINE_MAX];
    } later[LINK_LATER_MAX];
};

/* What a line asks of whoever runs the script; LINK_ACT_NONE: it is done. */
struct link_act {
    enum { LINK_ACT_NONE, LINK_ACT_ADDRESS, LINK_ACT_SAY, LINK_ACT_QUIT } kind;
    uint32_t host, number;
    char text[LINK_LINE_MAX];
};

/* Returns: NULL, or what is wrong with the line, for people. */
const char *link_script_line(struct link_script *script, const char *line, struct link_act *act);
/* The next line whose time has come, until there is none. Returns: whether there was one. */
bool link_script_due(struct link_script *script, uint64_t now_ms, char line[static LINK_LINE_MAX]);

#endif
