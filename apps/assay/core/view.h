/*
 * apps/assay/core/view.h - text of a result: a view over its JSON document.
 *
 * A command describes its result once, as the document that --json prints. Its text is rendered
 * from that document by a view, so the two cannot disagree and every line of text can be read in
 * one place. A view is text with these parts:
 *
 *   {key}            a value: digits, a sanitized text, yes or no, texts of a list with ", "
 *                    between them, "?" for what is not there
 *   {key|none}       "none" in place of an absent or empty value
 *   {key:how}        a quotient without its sign: "/1000" with one decimal, "/1000.3" with three
 *                    of them, "/100.0" whole; basis points as a percentage (pct); Unix ms as
 *                    " (18:40 UTC)" (at) or RFC 3339 (time); seconds in days (period); an epoch
 *                    with its time (epoch); lower case (lower); 0x12345678 (hex); the "s" of a
 *                    plural (plural); a reason with "..." where it is cut (reason); a member's
 *                    condition, stage or recovery
 *   {key,-16}        padded to 16 columns, on the left without the dash; {key,.64}: cut to 64;
 *                    {key,-16.16}: both
 *   [?key TEXT|ELSE] TEXT for a number that is not 0, true, a text or list that is not empty;
 *                    "|ELSE" may be absent. Conditions: key, !key, key=word, key!=word,
 *                    key<number, and several of them with & (all) and + (one is enough, after &);
 *                    a word may be "@other", the value there, or "begin*"
 *   [*key TEXT|ELSE] TEXT for each item of a list, ELSE for none; "key, TEXT": with ", " between
 *                    them; "key:3 TEXT": the first 3; "key?condition TEXT": those with it
 *   \x               the character x itself
 *
 * A key is a path in the current object ("recovery.text", "reasons.0.text"); "." is the object,
 * "^key" is in the whole document, "<key" in the object that has the list of the item, "#" is the
 * number of the item, from 0, "#key" how many items a list has, "#key?condition" how many with it.
 * A view that breaks these rules is a bug of the program: an assertion.
 */
#ifndef ASSAY_APPS_ASSAY_CORE_VIEW_H
#define ASSAY_APPS_ASSAY_CORE_VIEW_H

#include "net/json/json.h"

#include <stdio.h>

/* data: NULL is an empty document. */
void cli_view_print(const char *view, const struct assay_json *data, FILE *out);
/*
 * cli_view_result - the result of a command: the document of a schema with --json, else its view.
 * Takes data over. Returns: ASSAY_EXIT_OK | ASSAY_EXIT_INTERNAL
 */
int cli_view_result(bool json, const char *schema, struct assay_json *data, const char *view);

/* Lines of a document with `insecure` and `insecure_settings`, of a node or about a member.
 * by: the configuration that accepted those. */
#define CLI_VIEW_INSECURE(by)                                                                      \
    "[?insecure INSECURE       profile development: evidence proves nothing about hardware\n]"     \
    "[*insecure_settings INSECURE       accepted by " by ": {.}\n]"

#endif
