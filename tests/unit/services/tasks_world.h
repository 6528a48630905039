/*
 * tests/unit/services/tasks_world.h - executors as processes, each with its vault and its listener;
 * the test is the ledger and the requestor.
 */
#ifndef TESTS_UNIT_SERVICES_TASKS_WORLD_H
#define TESTS_UNIT_SERVICES_TASKS_WORLD_H

#include "net/services/tasks/executor_node.h"
#include "net/services/tasks/task_client_internal.h"
#include "tests/support/sanitized.h"
#include "tests/support/services/service_ledger.h"

#include <sys/types.h>

enum { SOON_MS = TEST_SANITIZED ? 60000 : 20000 };
enum { EXECUTORS = 3, PRICE = 5, FIRST = 1000, STEPS = 4, TEXT_LEN = 3500, CLIENT = 11 };
enum { CHAIN_PRICE = 5 };

struct world {
    char folder[64];
    struct service_ledger *ledger;
    pid_t executor[EXECUTORS];
    struct assay_secret32 requestor;
    uint8_t account[32], payee[32];
    struct assay_task_program program;
    uint8_t text[TEXT_LEN];
    uint32_t events;
    uint32_t steps;                           /* of a task that is submitted; 0: STEPS */
    uint32_t held;                            /* closes since it was accepted, at 1 each */
    const struct assay_requestor_last *after; /* whose state is the input; NULL: text */
    char output[1024];                        /* of the last step */
    const char *chain_says; /* what a contract answers whoever asks about a task; NULL: no chain */
};

extern struct world w;
extern uint32_t table; /* of tasks */
extern const struct assay_secret32 vault_key, chain_key, paid_key;
extern const struct assay_evm_place place;

uint64_t now_ms(void);
const char *in_folder(const char *what, uint32_t slot);
void start(uint32_t slot);
void stop(uint32_t slot);
const struct assay_task_ledger *tasks(void);
uint64_t balance(const uint8_t account[32]);
bool is_offered(uint32_t slot);
bool is_paid(uint32_t steps);
bool becomes(bool (*is)(uint32_t), uint32_t number, uint64_t within_ms);
void open_world(uint32_t executors);
void close_world(void);
void on_output(void *context, uint32_t step, struct assay_slice state, struct assay_slice output);
struct assay_task_client *client_open(void);
/* A step of the requestor while no executor runs, so that at most one answer of each is seen in it.
 */
void step_client(struct assay_task_client *client);
struct assay_requestor_status run(struct assay_task_client *client, uint32_t results, uint64_t ms);
struct assay_task_client *submit(uint32_t ahead);
void is_counted(void);

#endif
