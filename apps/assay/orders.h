/*
 * apps/assay/orders.h - `assay audit orders`.
 */
#ifndef ASSAY_APPS_ASSAY_ORDERS_H
#define ASSAY_APPS_ASSAY_ORDERS_H

/* argv[0] is "orders". Returns: the exit status. */
int assay_command_orders(int argc, char **argv);

#endif
