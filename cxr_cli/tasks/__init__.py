"""What questions a study is asked, the steps to their answers, and how an answer is read and checked."""
