/*
 * tests/unit/enforce/plain_webhook.c - the thread that delivers, beside the one that puts and
 * looks: a plain program, so that ThreadSanitizer sees it. 0: all were delivered, in their order.
 */
#include "enforce/webhook.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS = 60 };
static atomic_uint taken, disordered, asked;

static enum assay_status post(const void *context, const char *url,
                              char headers[static ASSAY_WEBHOOK_HEADERS][ASSAY_WEBHOOK_HEADER_MAX],
                              struct assay_slice body, const atomic_bool *stop, unsigned *code,
                              char message[static ASSAY_WEBHOOK_MESSAGE_LEN])
{
    char expected[64];
    (void)context;
    (void)url;
    (void)body;
    (void)message;
    const unsigned now = atomic_load(&taken);
    *code = atomic_fetch_add(&asked, 1) % 3 == 0 || atomic_load(stop) ? 503 : 200;
    if (*code != 200) return ASSAY_OK;
    (void)snprintf(expected, sizeof expected, "webhook-id: pager/0.%u.0.suspend", now + 1);
    if (strcmp(headers[1], expected) != 0) atomic_fetch_add(&disordered, 1);
    atomic_fetch_add(&taken, 1);
    return ASSAY_OK;
}

static int finish(struct assay_target *target, const char *folder)
{
    char path[64];
    target->ops->close(target);
    for (unsigned i = 1; i <= EVENTS; i++) {
        (void)snprintf(path, sizeof path, "%s/%018u", folder, i);
        (void)unlink(path);
    }
    (void)rmdir(folder);
    const bool all = atomic_load(&taken) == EVENTS && atomic_load(&disordered) == 0;
    if (!all)
        (void)fprintf(stderr, "%u taken, %u out of order\n", atomic_load(&taken),
                      atomic_load(&disordered));
    return all ? 0 : 1;
}

int main(void)
{
    static const uint8_t secret[] = "0123456789abcdef";
    char folder[] = "/tmp/assay-spool.XXXXXX", why[ASSAY_WEBHOOK_MESSAGE_LEN];
    struct assay_target *target = NULL;
    if (mkdtemp(folder) == NULL) return 2;
    const struct assay_webhook_config config = { .name = "pager",
                                                 .url = "https://x",
                                                 .source = "/x",
                                                 .spool = folder,
                                                 .spool_max = 8,
                                                 .secret = secret,
                                                 .secret_len = sizeof secret - 1,
                                                 .backoff_ms = 1,
                                                 .backoff_ms_max = 2,
                                                 .post = post };
    if (assay_webhook_open(&config, &target, why) != ASSAY_OK) return 2;
    const struct timespec pause = { 0, 1000000 };
    for (unsigned epoch = 1, tries = 0; epoch <= EVENTS && tries < 20000; tries++) {
        char message[ASSAY_DRIVER_MESSAGE_LEN];
        struct assay_webhook_get_status look;
        const struct assay_order order = { .kind = ASSAY_ORDER_SUSPEND, .epoch = epoch };
        const struct assay_target_act act = { .verb = ASSAY_TARGET_SUSPEND, .order = &order };
        if (target->ops->begin(target, &act, 0, message) == ASSAY_OK) epoch++;
        else (void)nanosleep(&pause, NULL); /* full: asked again, as the agent does */
        assay_webhook_get_status(target, &look);
    }
    for (unsigned tries = 0; atomic_load(&taken) < EVENTS && tries < 20000; tries++)
        (void)nanosleep(&pause, NULL);
    return finish(target, folder);
}
