module assay.example/assay

go 1.19
