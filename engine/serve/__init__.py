"""The engine as a service: alerts come in, investigations begin by themselves, jobs run beside them."""
