"""``python -m bayes_glmm`` is the command ``bayes-glmm``."""

from bayes_glmm.cli import main

if __name__ == "__main__":
    main()
