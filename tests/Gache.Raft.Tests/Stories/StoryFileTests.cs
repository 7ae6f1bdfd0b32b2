using Xunit;

namespace Gache.Raft.Tests;

/// <summary>The form of stories: what is kept when they are written anew, and what is no story.</summary>
public sealed class StoryFileTests
{
    private const string Story = "# It shows something.\nfirst; second\n----\nstays   <- and so does this\ngoes    <- and so does this\n\n# Then.\nthird\n----\nold\n";

    [Fact]
    public void Rewriting_replaces_outputs_and_keeps_what_stands_beside_those_that_stay()
    {
        var file = new StoryFile(Story);
        Assert.Equal(["stays", "goes"], file.Blocks[0].Expected);
        string told = file.With([["stays", "comes"], ["new", "newer"]]);
        Assert.Equal("# It shows something.\nfirst; second\n----\nstays   <- and so does this\ncomes\n\n# Then.\nthird\n----\nnew\nnewer\n", told);
    }

    [Fact]
    public void Story_told_as_it_is_written_stays_the_same_to_the_byte()
    {
        var file = new StoryFile(Story);
        Assert.Equal(Story, file.With([.. file.Blocks.Select(block => block.Expected)]));
    }

    [Theory]
    [InlineData("tick 1\n----\nnothing changes\n")] // does not say what it shows
    [InlineData("# Commands that nobody looks at.\ntick 1\n\ntick 1\n----\nnothing changes\n")]
    [InlineData("# No commands at all.\n")]
    public void Text_that_would_tell_less_than_it_seems_is_no_story(string text) => Assert.Throws<FormatException>(() => new StoryFile(text));
}
