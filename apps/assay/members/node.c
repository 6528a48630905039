/*
 * apps/assay/members/node.c - `assay node request`: join request of a node, in one file.
 *
 * It contains no secrets. It is not trusted by its readers: the sample is verified, and names the
 * platform; the node must prove possession of the card's keys.
 */
#include "apps/assay/members/node.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/file_fault.h"
#include "apps/assay/core/option_values.h"
#include "apps/assay/core/output.h"
#include "apps/assay/core/result_json.h"
#include "apps/assay/core/service_user.h"
#include "apps/assay/members/node_source.h"
#include "net/json/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CARD_LEN_MAX = 8192, REQUEST_LEN_MAX = 128 * 1024 };

static const char schema[] = "assay.node.request";

/* ------------------------------------------------------------ request */

static int report_error(const char *command, const char *what, enum assay_status status,
                        const char *more)
{
    (void)fprintf(stderr, "%s: %s: %s%s%s\n", command, what, cli_file_fault(what, status),
                  more[0] != '\0' ? ": " : "", more);
    if (status == ASSAY_E_NOT_FOUND) return ASSAY_EXIT_NOT_FOUND;
    return assay_status_class(status) == ASSAY_CLASS_INPUT ? ASSAY_EXIT_MALFORMED
                                                           : ASSAY_EXIT_INTERNAL;
}

/* The card, checked as genesis and changes check it, and as text. */
static int read_card(const struct assay_config *config, struct assay_node_card *card,
                     uint8_t **text, size_t *len)
{
    char path[PATH_MAX], message[ASSAY_CONFIG_MESSAGE_MAX] = "";
    if (snprintf(path, sizeof path, "%s/node.yaml", config->keys_dir) >= (int)sizeof path)
        return ASSAY_EXIT_USAGE;
    enum assay_status status = assay_node_card_load(path, card, message);
    if (status == ASSAY_OK) status = assay_file_read(path, CARD_LEN_MAX, text, len);
    return status == ASSAY_OK ? ASSAY_EXIT_OK
                              : report_error("assay node request", path, status, message);
}

static char *print_request(const struct assay_node_card *card, struct assay_slice text,
                           struct assay_slice sample)
{
    struct assay_json *document = assay_json_object(), *const data = assay_json_object();
    assay_json_set_text(document, "schema", schema);
    assay_json_set_uint(document, "schema_version", 1);
    assay_json_set_text(data, "name", card->name);
    assay_json_set_hex(data, "node_id", card->node_id, sizeof card->node_id);
    assay_json_set_text_n(data, "card", text.bytes, text.len);
    assay_json_set_hex(data, "sample", sample.bytes, sample.len);
    assay_json_set(document, "data", data);
    char *const written = assay_json_print(document, 2);
    assay_json_free(&document);
    return written;
}

static int make_request(const struct assay_config *config, const char *out)
{
    static const char command[] = "assay node request";
    static uint8_t sample[ASSAY_EVIDENCE_LEN_MAX];
    struct assay_node_card card;
    char message[ASSAY_SOURCE_MESSAGE_LEN] = "";
    uint8_t *text = NULL;
    size_t text_len = 0, sample_len = 0;
    struct assay_service_user user;
    cli_service_user_enter(config, &user);
    int result = read_card(config, &card, &text, &text_len);
    if (result == ASSAY_EXIT_OK) {
        const enum assay_status status =
            cli_node_source_sample(config, sample, &sample_len, message);
        if (status != ASSAY_OK)
            result = report_error(command, assay_config_evidence_text(config->evidence.kind),
                                  status, message);
    }
    cli_service_user_leave(&user);
    char *written = NULL;
    if (result == ASSAY_EXIT_OK) {
        written = print_request(&card, assay_slice_over(text, text_len),
                                assay_slice_over(sample, sample_len));
        result = written == NULL ? report_error(command, out, ASSAY_E_MEMORY, "")
                                 : cli_output_write("assay node request", out, ASSAY_FILE_PUBLIC,
                                                    assay_slice_over(written, strlen(written)));
    }
    if (result == ASSAY_EXIT_OK) {
        struct assay_json *const data =
            cli_result_json("node request", (const char *const[]){ out, NULL });
        assay_json_set_text(data, "name", card.name);
        assay_json_set_hex(data, "node_id", card.node_id, sizeof card.node_id);
        result = cli_result_print(
            data, "{files.0}: {name}, with a quote of its platform; for an operator:\n"
                  "  assay change add-node {files.0} --operator NAME --out join.change\n");
    }
    free(written);
    free(text);
    return result;
}

int cli_command_node(int argc, char **argv)
{
    static struct assay_config config; /* large */
    char message[ASSAY_CONFIG_MESSAGE_MAX] = "";
    const char *path = "/etc/assay/assayd.yaml", *out = NULL;
    const struct cli_option_target targets[] = {
        { "config", .text = &path },
        { "out", .text = &out },
        { .name = NULL },
    };
    const int early = cli_options_read(argc, argv, targets);
    if (early >= 0) return early;
    if (assay_config_load_here(path, &config, message) == ASSAY_OK)
        return make_request(&config, out);
    (void)fprintf(stderr, "assay node request: %s\n", message);
    return ASSAY_EXIT_USAGE;
}

/* ------------------------------------------------------------ taken apart */

static enum assay_status put_part(char path[static PATH_MAX], const char *folder, const char *name,
                                  struct assay_slice bytes)
{
    if (snprintf(path, PATH_MAX, "%s/%s", folder, name) >= PATH_MAX) return ASSAY_E_RANGE;
    return assay_file_create(path, ASSAY_FILE_PUBLIC, bytes);
}

static enum assay_status take_apart(const struct assay_json *document,
                                    struct assay_node_request *request)
{
    static uint8_t sample[ASSAY_EVIDENCE_LEN_MAX];
    const struct assay_json *const data = assay_json_get(document, "data");
    const char *const card = assay_json_text(data, "card", "");
    const char *const hex = assay_json_text(data, "sample", "");
    const size_t len = strlen(hex);
    if (strcmp(assay_json_text(document, "schema", ""), schema) != 0 ||
        assay_json_uint(document, "schema_version", 0) != 1)
        return ASSAY_E_VERSION;
    if (card[0] == '\0' || len == 0 || len % 2 != 0 || len / 2 > sizeof sample)
        return ASSAY_E_SYNTAX;
    ASSAY_TRY(assay_hex_decode(hex, len, sample, len / 2));
    ASSAY_TRY(put_part(request->card, request->folder, "node.yaml",
                       assay_slice_over(card, strlen(card))));
    return put_part(request->sample, request->folder, "sample.quote",
                    assay_slice_over(sample, len / 2));
}

int cli_node_request_open(const char *command, const char *path, struct assay_node_request *request)
{
    const char *const base = getenv("TMPDIR");
    struct assay_json *document = NULL;
    uint8_t *bytes = NULL;
    size_t len = 0;
    *request = (struct assay_node_request){ .folder = "" };
    const int wrote = snprintf(request->folder, sizeof request->folder, "%s/assay-request.XXXXXX",
                               base != NULL ? base : "/tmp");
    enum assay_status status = assay_file_read(path, REQUEST_LEN_MAX, &bytes, &len);
    if (status == ASSAY_OK) status = assay_json_parse((const char *)bytes, len, &document);
    if (status == ASSAY_OK &&
        (wrote >= (int)sizeof request->folder || mkdtemp(request->folder) == NULL)) {
        request->folder[0] = '\0';
        status = ASSAY_E_IO;
    } else if (status == ASSAY_OK) {
        status = take_apart(document, request);
    } else {
        request->folder[0] = '\0';
    }
    assay_json_free(&document);
    free(bytes);
    if (status == ASSAY_OK) return ASSAY_EXIT_OK;
    return report_error(command, path, status, "expected what `assay node request` wrote");
}

void cli_node_request_close(struct assay_node_request *request)
{
    if (request->card[0] != '\0') (void)unlink(request->card);
    if (request->sample[0] != '\0') (void)unlink(request->sample);
    if (request->folder[0] != '\0') (void)rmdir(request->folder);
}
