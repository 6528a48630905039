/*
 * tests/unit/apps/test_remote.c - tests of requests to contexts: pinned chain, fail-over, roles.
 *
 * In the place of the HTTPS client stands a table of what each endpoint answers.
 */
#include "apps/assay/core/daemon_request.h"
#include "apps/assay/core/remote.h"
#include "apps/https.h"
#include "tests/unit/apps/folder.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define CHAIN "0101010101010101010101010101010101010101010101010101010101010101"
#define OTHER "0202020202020202020202020202020202020202020202020202020202020202"

static const char file[] = "contexts_version: 1\ncontexts:\n"
                           "  - name: prod\n"
                           "    endpoints: [\"https://a\", \"https://b\"]\n"
                           "    ca: ca.pem\n    certificate: me.pem\n    key: me.key\n"
                           "    chain_id: \"" CHAIN "\"\n";

/* What an endpoint answers: of the first status 0, no connection. */
static struct endpoint {
    const char *chain;
    unsigned status;  /* of every path but /v1/status */
    const char *body; /* of these */
    unsigned requests;
    const char *later; /* chain of answers of other paths than /v1/status; NULL: the same */
} endpoints[2];
static char targets[8][ASSAY_CLIENT_FAULT_LEN];
static size_t target_count;
static struct assay_slice posted;
static uint8_t posted_bytes[16];

enum assay_status assay_https_exchange(const struct assay_https_request *request,
                                       struct assay_https_answer *answer,
                                       char message[static ASSAY_HTTPS_MESSAGE_LEN])
{
    struct endpoint *e = &endpoints[strcmp(request->endpoint, "https://b") == 0];
    char text[512];
    e->requests++;
    cr_assert_lt(target_count, sizeof targets / sizeof targets[0]);
    (void)snprintf(targets[target_count++], sizeof targets[0], "%s%s", request->endpoint,
                   request->target);
    posted = (struct assay_slice){ .bytes = posted_bytes, .len = request->object.len };
    if (request->object.len > 0)
        assay_bytes_copy(posted_bytes, sizeof posted_bytes, request->object.bytes,
                         request->object.len);
    if (e->chain == NULL) {
        (void)snprintf(message, ASSAY_HTTPS_MESSAGE_LEN, "%s: refused", request->endpoint);
        return ASSAY_E_AGAIN;
    }
    const bool is_status = strcmp(request->target, "/v1/status") == 0;
    (void)snprintf(text, sizeof text,
                   "{\"schema\":\"assay.status\",\"data\":{\"chain_id\":\"%s\"}}", e->chain);
    *answer = (struct assay_https_answer){ .status = is_status ? 200 : e->status,
                                           .text = strdup(is_status ? text : e->body) };
    cr_assert_not_null(answer->text);
    answer->len = strlen(answer->text);
    (void)snprintf(answer->chain, sizeof answer->chain, "%s",
                   is_status || e->later == NULL ? e->chain : e->later);
    return ASSAY_OK;
}

static struct folder folder;
static struct assay_json *document;

static void open_contexts(void)
{
    folder = folder_make();
    cr_assert_eq(mkdir(folder_at(&folder, "assay"), 0700), 0);
    (void)folder_put(&folder, "assay/contexts.yaml", file, sizeof file - 1, 0600);
    cr_assert_eq(setenv("XDG_CONFIG_HOME", folder.path, 1), 0);
    cr_assert_not_null(cli_remote_contexts("test"));
    cli_remote_enable();
    for (size_t i = 0; i < 2; i++)
        endpoints[i] = (struct endpoint){ .chain = CHAIN,
                                          .status = 200,
                                          .body = "{\"schema\":\"assay.changes\",\"data\":{}}" };
}

static void close_contexts(void)
{
    assay_json_free(&document);
    folder_remove(&folder);
}

TestSuite(apps_remote, .init = open_contexts, .fini = close_contexts);

static enum assay_status ask(const char *line)
{
    assay_json_free(&document);
    return assay_client_request("context:prod", line, 5000, &document);
}

static const char *refusal(const char *key)
{
    cr_assert_str_eq(assay_json_text(document, "schema", ""), "assay.error");
    return assay_json_text(assay_json_get(document, "data"), key, "");
}

/* The chain is compared before the first answer of an endpoint counts, and once. */
Test(apps_remote, a_line_becomes_a_path_of_a_node_of_the_pinned_chain)
{
    cr_assert_eq(ask("changes"), ASSAY_OK);
    cr_expect_str_eq(assay_json_text(document, "schema", ""), "assay.changes");
    cr_assert_eq(ask("export since=4 votes"), ASSAY_OK);
    cr_expect_eq(target_count, 3);
    cr_expect_str_eq(targets[0], "https://a/v1/status");
    cr_expect_str_eq(targets[1], "https://a/v1/changes");
    cr_expect_str_eq(targets[2], "https://a/v1/export?since=4&votes=");
    cr_expect_eq(endpoints[1].requests, 0);
}

/* Another network, whatever its certificate: nothing is read of it, and no other node is asked. */
Test(apps_remote, a_node_of_another_chain_ends_the_request)
{
    static const char *const chains[] = { OTHER, "", CHAIN "00", "0101" };
    char fault[ASSAY_CLIENT_FAULT_LEN];
    for (size_t i = 0; i < sizeof chains / sizeof chains[0]; i++) {
        target_count = 0;
        endpoints[0].chain = chains[i];
        const enum assay_status status = ask("changes");
        cr_expect_eq(status, ASSAY_E_IO, "%s", chains[i]);
        cr_expect_null(document);
        cr_expect_eq(target_count, 1, "%s", chains[i]);
        assay_client_fault("context:prod", status, fault);
        cr_expect_not_null(strstr(fault, CHAIN), "%s", fault);
        cr_expect_not_null(strstr(fault, "prod"), "%s", fault);
    }
    cr_expect_eq(endpoints[1].requests, 0);
}

/* Behind one address: first a node of the chain, then another. A refusal is an answer, too. */
Test(apps_remote, every_answer_is_of_the_pinned_chain)
{
    static const char *const chains[] = { OTHER, "", "?" };
    char fault[ASSAY_CLIENT_FAULT_LEN];
    cr_assert_eq(ask("changes"), ASSAY_OK);
    for (size_t i = 0; i < sizeof chains / sizeof chains[0]; i++) {
        target_count = 0;
        endpoints[0].later = chains[i];
        cr_expect_eq(ask("changes"), ASSAY_E_IO, "%s", chains[i]);
        cr_expect(cli_remote_is_other_chain(), "not one that gives no answer: %s", chains[i]);
        cr_expect_null(document);
        assay_client_fault("context:prod", ASSAY_E_IO, fault);
        cr_expect_not_null(strstr(fault, CHAIN), "%s", fault);
    }
    target_count = 0;
    endpoints[0].later = OTHER;
    endpoints[0].status = 404;
    endpoints[0].body = "{\"code\":\"not_found\",\"detail\":\"no member has it\"}";
    cr_expect_eq(ask("node x"), ASSAY_E_IO);
    cr_expect_eq(endpoints[1].requests, 0, "operators have to look at it");
}

/* A server that comes back may be another one. */
Test(apps_remote, the_chain_is_compared_again_after_an_error)
{
    cr_redirect_stderr();
    cr_assert_eq(ask("changes"), ASSAY_OK);
    endpoints[0].chain = NULL;
    cr_assert_eq(ask("changes"), ASSAY_OK, "of the other endpoint");
    endpoints[0].chain = OTHER;
    endpoints[1].chain = NULL;
    target_count = 0;
    cr_expect_eq(ask("submit 00ff"), ASSAY_E_IO);
    cr_expect_str_eq(targets[target_count - 1], "https://a/v1/status", "nothing is sent to it");
}

Test(apps_remote, the_next_endpoint_answers_with_a_note)
{
    endpoints[0].chain = NULL;
    cr_redirect_stderr();
    cr_assert_eq(ask("changes"), ASSAY_OK);
    cr_expect_str_eq(targets[1], "https://b/v1/status", "its chain is compared, too");
    cr_expect_str_eq(targets[2], "https://b/v1/changes");
    cr_assert_eq(ask("changes"), ASSAY_OK);
    cr_expect_eq(endpoints[0].requests, 1, "the one that answered is asked again");
    endpoints[1].chain = NULL;
    cr_expect_eq(ask("changes"), ASSAY_E_IO);
    cr_expect_not(cli_remote_is_other_chain(), "no node answers");
    cr_expect_null(document);
    (void)fflush(stderr);
    char note[256] = "";
    FILE *said = cr_get_redirected_stderr();
    cr_expect_not_null(fgets(note, sizeof note, said));
    cr_expect_not_null(strstr(note, "https://a: refused; trying https://b"), "%s", note);
}

/* A refusal over HTTP is the refusal of the admin socket. */
Test(apps_remote, a_problem_is_a_refusal)
{
    endpoints[0].status = 403;
    endpoints[0].body =
        "{\"code\":\"role_required\",\"detail\":\"needs the role auditor, this client "
        "has the role viewer\",\"data\":{\"needed\":\"auditor\"}}";
    cr_assert_eq(ask("changes"), ASSAY_OK);
    cr_expect_str_eq(refusal("code"), "forbidden");
    cr_expect_str_eq(refusal("detail"),
                     "403: /v1/changes needs the role auditor, this client has the role viewer");
    endpoints[0].status = 409;
    endpoints[0].body = "{\"code\":\"conflict\",\"detail\":\"why\",\"data\":{\"code\":\"denied\"}}";
    cr_assert_eq(ask("submit 00ff"), ASSAY_OK);
    cr_expect_str_eq(refusal("code"), "denied", "the code of the node itself");
    cr_expect_str_eq(refusal("detail"), "why");
    endpoints[0].status = 404;
    endpoints[0].body = "{\"code\":\"not_found\",\"detail\":\"no member has it\"}";
    cr_assert_eq(ask("node x"), ASSAY_OK);
    cr_expect_str_eq(refusal("code"), "not_found");
    endpoints[0].status = 500;
    endpoints[0].body = "<html>";
    cr_expect_eq(ask("changes"), ASSAY_E_SYNTAX, "no document of a node");
    endpoints[0].status = 302;
    endpoints[0].body = "{\"schema\":\"assay.changes\",\"data\":{}}";
    cr_expect_eq(ask("changes"), ASSAY_E_SYNTAX, "a document under another status");
}

Test(apps_remote, an_object_is_posted_as_bytes)
{
    cr_assert_eq(ask("submit 00ff10"), ASSAY_OK);
    cr_expect_str_eq(targets[1], "https://a/v1/submit?kind=change");
    cr_expect_eq(posted.len, 3);
    cr_expect_eq(posted.bytes[1], 0xff);
    cr_assert_eq(ask("recover fence 81"), ASSAY_OK);
    cr_expect_str_eq(targets[2], "https://a/v1/submit?kind=fence");
}

/* Nothing leaves this machine for a request that has no path. */
Test(apps_remote, what_acts_on_a_node_is_not_sent)
{
    static const char *const lines[] = { "hold now", "let-go now", "permit critical",
                                         "submit 0", "submit xy",  "recover withdraw" };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        cr_assert_eq(ask(lines[i]), ASSAY_OK);
        cr_expect_str_eq(refusal("code"), "usage");
        cr_expect_not_null(strstr(refusal("detail"), "--context local"));
    }
    cr_expect_eq(target_count, 0);
}

/* An answer cannot command the terminal. */
Test(apps_remote, control_characters_of_an_answer_are_replaced)
{
    endpoints[0].body = "{\"schema\":\"assay.changes\",\"data\":{\"x\":\"\\u001b[2J\"}}";
    cr_assert_eq(ask("changes"), ASSAY_OK);
    cr_expect_str_eq(assay_json_text(assay_json_get(document, "data"), "x", ""), "?[2J");
}
