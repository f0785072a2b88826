"""The main job, one function a step: harvest, harmonise, publish. DAG tasks and commands call exactly these."""
