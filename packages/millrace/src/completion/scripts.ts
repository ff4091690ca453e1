const bash = `_millrace() {
  local IFS=$'\\n'
  COMPREPLY=($(millrace __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _millrace millrace
`

const zsh = `#compdef millrace
_millrace() {
  local -a candidates
  candidates=("\${(@f)$(millrace __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  compadd -a candidates
}
compdef _millrace millrace
`

const fish = `function __millrace_complete
  set -l words (commandline -opc) (commandline -ct)
  millrace __complete -- $words[2..-1] 2>/dev/null
end
complete -c millrace -f -a '(__millrace_complete)'
`

/** What to source in each shell. All of them only ask \`millrace __complete\`. */
export const completionScripts: Readonly<Record<string, string>> = { bash, zsh, fish }
